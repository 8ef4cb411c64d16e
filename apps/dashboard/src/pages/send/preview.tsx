import type { DryRun } from '@sluice/contracts/sources-api';
import { JsonLines } from '../event/json-lines.tsx';
import styles from './send.module.css';

/** Shows the record that a payload would become, or why it would become none. */
export function Preview({ result }: { readonly result: DryRun }) {
  return (
    <>
      {result.errors.map(({ code, field, detail }) => (
        <p key={`${code} ${field ?? ''}`} className={styles['error']}>
          <code>{code}</code> {field !== undefined && `${field}: `}
          {detail}
        </p>
      ))}
      {result.warnings.map(({ code, field, detail }) => (
        <p key={`${code} ${field ?? ''} ${detail}`} className={styles['warning']}>
          <code>{code}</code> {field !== undefined && `${field}: `}
          {detail}
        </p>
      ))}
      {result.record !== null && (
        <>
          <p>
            A record of type <b>{result.record.type}</b>
            {result.record.subject !== null && (
              <>
                {' '}
                of <b>{result.record.subject}</b>
              </>
            )}
            , by{' '}
            {result.record.mappingRevision === null
              ? 'the built-in rules'
              : `mapping revision ${result.record.mappingRevision}`}
            .
          </p>
          <JsonLines label="Record" value={result.record.data} />
        </>
      )}
    </>
  );
}
