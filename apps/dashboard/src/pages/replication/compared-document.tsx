import type { ComparedDocument as Compared, ComparedField } from '@sluice/contracts/sync-differences';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { toFailure } from '../../data/failure.ts';
import { comparedDocumentQuery } from '../../data/sync.ts';
import { Action } from '../../ui/action.tsx';
import { plural } from '../../ui/numbers.ts';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Failed, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './differences.module.css';
import { toVerdict } from './to-verdict.ts';

/** Shows a document as both sides hold it now, field by field; secrets are not shown. */
export function ComparedDocument({ collection, id }: { readonly collection: string; readonly id: string }) {
  const { data, error, refetch, isFetching } = useQuery(comparedDocumentQuery(collection, id));
  const failure = toFailure(error);
  const place = useRef<HTMLElement>(null);
  const isLoaded = data !== undefined;
  useEffect(() => {
    if (isLoaded) place.current?.scrollIntoView({ block: 'nearest' });
  }, [isLoaded]);
  return (
    <section ref={place} className={styles['document']} aria-label="The document on both sides">
      <h3>
        <code>{id}</code>
        <Action busy={isFetching} onClick={() => void refetch()}>
          Read it again
        </Action>
      </h3>
      {failure?.status === 403 ? (
        <Failed what="The document is not shown to this key" failure={failure} />
      ) : (
        failure !== null && <Failed what="The document could not be read on both sides" failure={failure} />
      )}
      {data === undefined && failure === null && <Loading rows={4} />}
      {data !== undefined && failure?.status !== 403 && <Sides compared={data} />}
    </section>
  );
}

function Sides({ compared }: { readonly compared: Compared }) {
  const { fields, fieldCount, readAt } = compared;
  const left = fieldCount - fields.length;
  return (
    <>
      <p className={styles['verdict']}>
        <b>{toVerdict(compared)}</b> Read <Time at={readAt} withDate />.
      </p>
      {fields.length > 0 && (
        <PlainTable label="Fields of the document on both sides" wraps>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Primary</th>
              <th scope="col">Backup</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field.path} data-differs={field.differs}>
                <th scope="row">
                  <code>{field.path}</code>
                  {field.differs && <span className={styles['mark']}>differs</span>}
                </th>
                <td>
                  <Value field={field} side="primary" />
                </td>
                <td>
                  <Value field={field} side="backup" />
                </td>
              </tr>
            ))}
          </tbody>
        </PlainTable>
      )}
      {left > 0 && <p>{plural(left, 'more field')} are left out; those that differ come first.</p>}
    </>
  );
}

function Value({ field, side }: { readonly field: ComparedField; readonly side: 'primary' | 'backup' }) {
  const value = field[side];
  if (value === null) return <i>absent</i>;
  if (field.hidden) return <i>a secret, not shown</i>;
  return <code className={field.differs ? styles['differs'] : undefined}>{value}</code>;
}
