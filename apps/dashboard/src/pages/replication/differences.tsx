import type { FullSync, SyncCollection } from '@sluice/contracts/full-sync';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { useLack } from '../../data/may.ts';
import { fullSyncsQuery } from '../../data/sync.ts';
import { Action } from '../../ui/action.tsx';
import { Problem } from '../../ui/field.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { PlainTable } from '../../ui/plain-table.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './replication.module.css';

const WORDS = {
  missing: 'only on the primary',
  extra: 'only on the backup',
  unequal: 'other content',
} as const;

/** Lists what differs by collection, with samples that can be chosen and mended. */
export function Differences({ sync }: { readonly sync: FullSync }) {
  const differing = sync.collections.filter(({ missing, extra, unequal }) => missing + extra + unequal > 0);
  if (differing.length === 0) return null;
  const canMend = sync.mode === 'verify' && sync.state !== 'running' && sync.state !== 'planned';
  return (
    <>
      <PlainTable label="Differences by collection">
        <thead>
          <tr>
            <th scope="col">Collection</th>
            <th scope="col" data-align="right">
              Missing
            </th>
            <th scope="col" data-align="right">
              Extra
            </th>
            <th scope="col" data-align="right">
              Unequal
            </th>
            <th scope="col" data-align="right" data-from="600">
              Compared
            </th>
          </tr>
        </thead>
        <tbody>
          {differing.map(({ name, missing, extra, unequal, compared }) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td data-align="right">{formatCount(missing)}</td>
              <td data-align="right">{formatCount(extra)}</td>
              <td data-align="right">{formatCount(unequal)}</td>
              <td data-align="right" data-from="600">
                {formatCount(compared)}
              </td>
            </tr>
          ))}
        </tbody>
      </PlainTable>
      {differing.map((collection) => (
        <Samples key={collection.name} collection={collection} canMend={canMend} />
      ))}
    </>
  );
}

function Samples({
  collection: { name, samples },
  canMend,
}: {
  readonly collection: SyncCollection;
  readonly canMend: boolean;
}) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <>
      <h3 className={styles['name']}>
        <code>{name}</code>
      </h3>
      <PlainTable label={`Samples of ${name}`} wraps>
        <thead>
          <tr>
            {canMend && (
              <th scope="col">
                <span className="visually-hidden">Choose</span>
              </th>
            )}
            <th scope="col">Document</th>
            <th scope="col">Differs</th>
            <th scope="col">Known since</th>
            <th scope="col" data-from="600">
              For
            </th>
          </tr>
        </thead>
        <tbody>
          {samples.map(({ kind, id, since, ageSeconds }) => (
            <tr key={`${kind} ${id}`}>
              {canMend && (
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Choose ${id}`}
                    checked={chosen.has(id)}
                    onChange={() => toggle(id)}
                  />
                </td>
              )}
              <td>
                <code>{id}</code>
              </td>
              <td>{WORDS[kind]}</td>
              <td>
                <Time at={since} withDate />
              </td>
              <td data-from="600">{formatDuration(ageSeconds * 1000)}</td>
            </tr>
          ))}
        </tbody>
      </PlainTable>
      {canMend && <Mend collection={name} ids={[...chosen]} onDone={() => setChosen(new Set())} />}
    </>
  );
}

function Mend({
  collection,
  ids,
  onDone,
}: {
  readonly collection: string;
  readonly ids: readonly string[];
  readonly onDone: () => void;
}) {
  const queries = useQueryClient();
  const lack = useLack('operator');
  const mend = useMutation({
    mutationFn: () =>
      send('POST', '/api/sync/full', {
        only: { collection, ids },
        reason: `Chosen differences of ${collection}`,
      }),
    async onSuccess() {
      onDone();
      await queries.invalidateQueries({ queryKey: fullSyncsQuery.queryKey });
    },
  });
  return (
    <p className={styles['line']}>
      <Action
        busy={mend.isPending}
        reason={lack ?? (ids.length === 0 ? 'choose documents first' : undefined)}
        onClick={() => mend.mutate()}
      >
        {`Make ${plural(ids.length, 'document')} what the primary has`}
      </Action>
      <Problem error={mend.error} />
    </p>
  );
}
