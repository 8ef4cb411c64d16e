import type { RevisionAnswer } from '@sluice/contracts/sources-api';
import { useState } from 'react';
import { SelectField } from '../../ui/field.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import styles from './mappings.module.css';
import { listChanges } from './revision-diff.ts';

/** Compares a revision with any other one, place by place. */
export function Compare({
  shown,
  revisions,
}: {
  readonly shown: RevisionAnswer;
  readonly revisions: readonly RevisionAnswer[];
}) {
  const others = revisions.filter(({ revision }) => revision !== shown.revision);
  const usual = others.find(({ revision }) => revision < shown.revision) ?? others[0];
  const [chosen, setChosen] = useState<string | null>(null);
  const other = others.find(({ revision }) => String(revision) === chosen) ?? usual;
  if (other === undefined) return <p>There is no other revision to compare it with.</p>;
  const changes = listChanges(other.mapping, shown.mapping);
  return (
    <>
      <div className={styles['pick']}>
        <SelectField
          label="Compare with"
          value={String(other.revision)}
          choices={others.map(
            ({ revision, state }) => [String(revision), `revision ${revision}, ${state}`] as const,
          )}
          onChange={setChosen}
        />
      </div>
      {changes.length === 0 ? (
        <p>They say the same.</p>
      ) : (
        <PlainTable label={`From revision ${other.revision} to revision ${shown.revision}`} wraps>
          <thead>
            <tr>
              <th scope="col">Place</th>
              <th scope="col">Revision {other.revision}</th>
              <th scope="col">Revision {shown.revision}</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ place, before, after }) => (
              <tr key={place}>
                <th scope="row">{place}</th>
                <td>{before === null ? <i>absent</i> : <code>{before}</code>}</td>
                <td>{after === null ? <i>taken away</i> : <code>{after}</code>}</td>
              </tr>
            ))}
          </tbody>
        </PlainTable>
      )}
    </>
  );
}
