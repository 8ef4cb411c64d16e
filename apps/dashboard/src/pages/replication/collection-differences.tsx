import type { FullSyncs } from '@sluice/contracts/full-sync';
import type { SyncHealth } from '@sluice/contracts/sync';
import type { DifferingCollection, FoundDifference } from '@sluice/contracts/sync-differences';
import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useLack } from '../../data/may.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { Section } from '../../ui/page.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import { ComparedDocument } from './compared-document.tsx';
import styles from './differences.module.css';
import { RepairForm } from './repair-form.tsx';

/** How a document differs, in a word and in words. */
const KINDS = {
  missing: ['Missing', 'only on the primary'],
  extra: ['Extra', 'only on the backup'],
  unequal: ['Unequal', 'other content'],
} as const;

/** Lists the differences of a collection; one can be opened, and those that are chosen be repaired. */
export function CollectionDifferences({
  collection: { name, missing, extra, unequal, differences },
  health,
  current,
}: {
  readonly collection: DifferingCollection;
  readonly health: SyncHealth;
  readonly current: FullSyncs['current'];
}) {
  const opened = useSearch({ from: '/shell/replication/differences' });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [isRepairing, setRepairing] = useState(false);
  const lack = useLack('operator');
  const open = differences.filter(({ mendedAt }) => mendedAt === null);
  const picked = open.filter(({ id }) => chosen.has(id));
  const all = missing + extra + unequal;
  const isAll = open.length > 0 && picked.length === open.length;
  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const isOpened = opened.collection === name && opened.id !== undefined;
  return (
    <Section
      title={name}
      aside={all > differences.length ? `the first ${differences.length} of ${formatCount(all)}` : undefined}
    >
      <PlainTable label={`Differences of ${name}`} wraps>
        <thead>
          <tr>
            <th scope="col" className={styles['choice']}>
              <input
                type="checkbox"
                aria-label={`Choose all of ${name}`}
                checked={isAll}
                disabled={open.length === 0}
                onChange={() => setChosen(new Set(isAll ? [] : open.map(({ id }) => id)))}
              />
            </th>
            <th scope="col">Document</th>
            <th scope="col">Differs</th>
            <th scope="col" data-from="900">
              Known since
            </th>
            <th scope="col" data-align="right">
              For
            </th>
            <th scope="col" data-from="600">
              Now
            </th>
          </tr>
        </thead>
        <tbody>
          {differences.map((difference) => (
            <Row
              key={`${difference.kind} ${difference.id}`}
              collection={name}
              difference={difference}
              isOpened={isOpened && opened.id === difference.id}
              isChosen={chosen.has(difference.id)}
              onChoose={() => toggle(difference.id)}
            />
          ))}
        </tbody>
      </PlainTable>
      <p className={styles['actions']}>
        <Action
          reason={
            lack ?? toHindrance(health, current) ?? (picked.length === 0 ? 'choose some first' : undefined)
          }
          onClick={() => setRepairing(true)}
        >
          {`Repair ${plural(picked.length, 'document')}…`}
        </Action>
      </p>
      <Dialog title={`Repair documents of ${name}`} opened={isRepairing} onClose={() => setRepairing(false)}>
        <RepairForm
          collection={name}
          chosen={picked}
          onClose={() => setRepairing(false)}
          onStarted={() => setChosen(new Set())}
        />
      </Dialog>
      {isOpened && opened.id !== undefined && (
        <ComparedDocument key={opened.id} collection={name} id={opened.id} />
      )}
    </Section>
  );
}

/** Why nothing can be repaired at the moment. */
function toHindrance({ state }: SyncHealth, current: FullSyncs['current']): string | undefined {
  if (state === 'off') return 'there is no backup now';
  if (state === 'away') return 'the backup does not answer';
  if (state === 'silent') return 'no replicator is heard of';
  return current === null ? undefined : 'one full sync at a time';
}

function Row({
  collection,
  difference: { kind, id, since, ageSeconds, mendedAt },
  isOpened,
  isChosen,
  onChoose,
}: {
  readonly collection: string;
  readonly difference: FoundDifference;
  readonly isOpened: boolean;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}) {
  const [word, words] = KINDS[kind];
  return (
    <tr data-over={mendedAt !== null} data-opened={isOpened}>
      <td className={styles['choice']}>
        {mendedAt === null && (
          <input type="checkbox" aria-label={`Choose ${id}`} checked={isChosen} onChange={onChoose} />
        )}
      </td>
      <td>
        <Link
          to="/replication/differences"
          search={isOpened ? { collection } : { collection, id }}
          resetScroll={false}
          aria-expanded={isOpened}
        >
          <code>{id}</code>
        </Link>
      </td>
      <td>
        <b>{word}</b> <span className={styles['words']}>{words}</span>
        {mendedAt !== null && <span className={styles['narrow']}>, repaired</span>}
      </td>
      <td data-from="900">
        <Time at={since} withDate />
      </td>
      <td data-align="right">{formatDuration(ageSeconds * 1000)}</td>
      <td data-from="600">
        {mendedAt === null ? (
          'open'
        ) : (
          <Status mark="normalized">
            repaired <Time at={mendedAt} />
          </Status>
        )}
      </td>
    </tr>
  );
}
