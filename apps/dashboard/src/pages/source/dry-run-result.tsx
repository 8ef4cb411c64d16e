import type { DryRun } from '@sluice/contracts/sources-api';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import styles from './mappings.module.css';

/** Shows what a payload would become: each field, where it came from and how, or why there would be no record. */
export function DryRunResult({ result }: { readonly result: DryRun }) {
  const { ok, record, lineage, warnings, errors } = result;
  const data = typeof record?.data === 'object' && record.data !== null ? Object.entries(record.data) : [];
  return (
    <div className={styles['result']}>
      <p>
        {ok ? (
          <Status mark="normalized">Would become a record of type {record?.type ?? 'unknown'}.</Status>
        ) : (
          <Status mark="dead">Would become a dead letter.</Status>
        )}{' '}
        Nothing was written.
      </p>
      {errors.map(({ code, field, detail }) => (
        <p key={`${code} ${field ?? ''}`} className={styles['failure']}>
          <code>{code}</code> {field !== null && <b>{field}</b>} {detail}
        </p>
      ))}
      {data.length > 0 && (
        <PlainTable label="The record" wraps>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
              <th scope="col">From</th>
              <th scope="col" data-from="600">
                How
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map(([field, value]) => {
              const from = lineage[field];
              const how = [from?.rule, from?.conversion].filter((part) => part !== undefined).join(', ');
              return (
                <tr key={field}>
                  <th scope="row">{field}</th>
                  <td>
                    <code>{JSON.stringify(value)}</code>
                  </td>
                  <td>{from?.from == null ? '' : <code>{from.from}</code>}</td>
                  <td data-from="600">{how}</td>
                </tr>
              );
            })}
          </tbody>
        </PlainTable>
      )}
      {warnings.map(({ code, field, detail }) => (
        <p key={`${code} ${field ?? ''} ${detail}`} className={styles['warning']}>
          <Status mark="failed">{field ?? code}</Status> {detail}
        </p>
      ))}
    </div>
  );
}
