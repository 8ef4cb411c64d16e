import type { FullSync, FullSyncs as Syncs } from '@sluice/contracts/full-sync';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { send } from '../../data/http.ts';
import { useLack } from '../../data/may.ts';
import { fullSyncsQuery } from '../../data/sync.ts';
import { Action } from '../../ui/action.tsx';
import { Problem } from '../../ui/field.tsx';
import { formatCount, formatFigure } from '../../ui/numbers.ts';
import { Facts, Section } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import { DifferenceSummary } from './difference-summary.tsx';
import styles from './replication.module.css';

/** Shows the full sync that is under way, and what the last one found. */
export function FullSyncs({
  syncs: { current, last, lastVerifiedAt },
  isOff,
}: {
  readonly syncs: Syncs;
  readonly isOff: boolean;
}) {
  if (isOff && current === null && last === null) return null;
  const verified =
    lastVerifiedAt === null ? (
      'never verified'
    ) : (
      <>
        last verified <Time at={lastVerifiedAt} withDate />
      </>
    );
  return (
    <>
      {current !== null && (
        <Section title={toTitle(current)} aside={verified}>
          <Running sync={current} />
          <DifferenceSummary collections={current.collections} label="Differences so far" isListed={false} />
        </Section>
      )}
      {last !== null && (
        <Section title={`Last: ${toTitle(last)}`} aside={current === null ? verified : undefined}>
          <Ended sync={last} />
          <DifferenceSummary
            collections={last.collections}
            label="Differences found"
            isListed={isWholeComparison(last)}
          />
        </Section>
      )}
      {current === null && last === null && (
        <Empty title="The two databases were never compared">
          A comparison reads both whole and names every document that differs.
        </Empty>
      )}
    </>
  );
}

/** Of those that are over only a done one of all collections has a verdict; the newest of these is what is listed. */
function isWholeComparison({ identical }: FullSync): boolean {
  return identical !== null;
}

function toTitle({ mode }: FullSync): string {
  return mode === 'verify' ? 'Verification' : 'Full sync';
}

function Running({ sync }: { readonly sync: FullSync }) {
  const { state, stateReason, phase, collection, compared, total, waitingFor, etaSeconds } = sync;
  const where = collection === null ? '' : ` ${collection}`;
  return (
    <>
      {stateReason !== null && <p className={styles['why']}>{stateReason}</p>}
      {waitingFor !== null && <p className={styles['why']}>It waits for {waitingFor}.</p>}
      <div
        className={styles['bar']}
        role="progressbar"
        aria-label="Documents compared"
        aria-valuemin={0}
        aria-valuemax={Math.max(total, compared)}
        aria-valuenow={compared}
      >
        <span style={{ width: total === 0 ? 0 : `${Math.min(100, (compared / total) * 100)}%` }} />
      </div>
      <div className={styles['line']}>
        <span>
          <b>{state === 'running' ? `${phase}${where}` : state}</b> · {formatCount(compared)} of{' '}
          {formatCount(total)} compared
          {sync.mode === 'copy' && ` · ${formatCount(sync.copied)} copied`}
          {state === 'running' && ` · ${formatFigure(sync.currentPerSecond)}/s`}
          {etaSeconds !== null && ` · ${formatDuration(etaSeconds * 1000)} left`}
        </span>
        <Controls sync={sync} />
      </div>
    </>
  );
}

function Controls({ sync: { state } }: { readonly sync: FullSync }) {
  const queries = useQueryClient();
  const lack = useLack('operator');
  const { mutate, isPending, error } = useMutation({
    mutationFn: (what: 'pause' | 'resume' | 'cancel') => send('POST', `/api/sync/full/${what}`),
    onSettled: () => queries.invalidateQueries({ queryKey: fullSyncsQuery.queryKey }),
  });
  return (
    <span className={styles['controls']}>
      <Action reason={lack} busy={isPending} onClick={() => mutate(state === 'paused' ? 'resume' : 'pause')}>
        {state === 'paused' ? 'Resume' : 'Pause'}
      </Action>
      <Action weight="danger" reason={lack} busy={isPending} onClick={() => mutate('cancel')}>
        Cancel
      </Action>
      <Problem error={error} />
    </span>
  );
}

function Ended({ sync }: { readonly sync: FullSync }) {
  const { state, stateReason, identical, mode, actor, reason, createdAt, endedAt, compared } = sync;
  const found = sync.missing + sync.extra + sync.unequal;
  const verdict =
    identical === null
      ? state
      : identical
        ? 'the backup held the same as the primary'
        : `${formatCount(found)} documents differed`;
  return (
    <Facts
      facts={[
        ['Result', stateReason === null ? verdict : `${verdict}: ${stateReason}`],
        ['Compared', formatCount(compared)],
        ['Changing all the time, no differences', formatCount(sync.lagging)],
        ...(mode === 'verify'
          ? []
          : ([
              ['Copied', formatCount(sync.copied)],
              ['Deleted', formatCount(sync.deleted)],
              ['Left, because nobody confirmed', formatCount(sync.kept)],
              ['Refused by the backup', formatCount(sync.refused)],
            ] as const)),
        ['Started', <Time key="started" at={createdAt} withDate />],
        ['Ended', endedAt === null ? '' : <Time key="ended" at={endedAt} withDate />],
        ['By', actor],
        ['Why', reason],
      ]}
    />
  );
}
