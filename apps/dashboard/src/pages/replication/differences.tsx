import type { FullSyncs } from '@sluice/contracts/full-sync';
import type { SyncHealth } from '@sluice/contracts/sync';
import type { SyncDifferences } from '@sluice/contracts/sync-differences';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { toFailure } from '../../data/failure.ts';
import { useLack } from '../../data/may.ts';
import { fullSyncsQuery, syncDifferencesQuery, syncHealthQuery } from '../../data/sync.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { Empty, Failed, Forbidden, Loading } from '../../ui/states.tsx';
import { Age, Time } from '../../ui/time.tsx';
import { CollectionDifferences } from './collection-differences.tsx';
import { DifferenceSummary } from './difference-summary.tsx';
import styles from './differences.module.css';
import { NewFullSync } from './new-full-sync.tsx';
import { SyncOff } from './sync-off.tsx';

/** Answers: which documents differ on the backup, since when, how; and mends those that are chosen. */
export function Differences() {
  const found = useQuery(syncDifferencesQuery);
  const health = useQuery(syncHealthQuery);
  const syncs = useQuery(fullSyncsQuery);
  const failure = toFailure(found.error ?? health.error ?? syncs.error);
  const isOff = health.data?.state === 'off';
  return (
    <>
      <PageHead title="Differences">
        {health.data !== undefined && syncs.data !== undefined && !isOff && (
          <CompareAgain health={health.data} syncs={syncs.data} />
        )}
      </PageHead>
      {failure?.status === 403 ? (
        <Forbidden what="The backup concerns all tenants" needs="viewer of the default tenant" />
      ) : (
        <>
          {failure !== null && (
            <Failed
              what="What differs could not be loaded"
              failure={failure}
              onRetry={() => void Promise.all([found.refetch(), health.refetch(), syncs.refetch()])}
              {...(found.data === undefined ? {} : { asOf: found.dataUpdatedAt })}
            />
          )}
          {found.data === undefined && failure === null && <Loading rows={8} />}
          {found.data !== undefined && health.data !== undefined && (
            <Found found={found.data} health={health.data} current={syncs.data?.current ?? null} />
          )}
        </>
      )}
    </>
  );
}

function CompareAgain({ health, syncs }: { readonly health: SyncHealth; readonly syncs: FullSyncs }) {
  const lack = useLack('operator');
  const [isStarting, setStarting] = useState(false);
  const close = () => setStarting(false);
  return (
    <>
      <Action
        reason={lack ?? (syncs.current === null ? undefined : 'one full sync at a time')}
        onClick={() => setStarting(true)}
      >
        Compare again…
      </Action>
      <Dialog title="Compare the two databases" opened={isStarting} onClose={close}>
        <NewFullSync isBlocked={health.state === 'blocked'} onClose={close} />
      </Dialog>
    </>
  );
}

function Found({
  found: { run, collections },
  health,
  current,
}: {
  readonly found: SyncDifferences;
  readonly health: SyncHealth;
  readonly current: FullSyncs['current'];
}) {
  if (health.state === 'off' && run === null) return <SyncOff />;
  return (
    <>
      <BackupAway health={health} />
      {current !== null && (
        <Notice tone="plain">
          <p>
            A {current.mode === 'verify' ? 'comparison' : 'full sync'} is {current.state}:{' '}
            {formatCount(current.compared)} of {formatCount(current.total)} documents compared.{' '}
            <Link to="/replication">See how far it is.</Link>
          </p>
        </Notice>
      )}
      {run === null ? (
        <Empty title="Never verified">
          The two databases were never compared to the end, so nobody knows whether they differ. A comparison
          reads both whole and names every document that does.
        </Empty>
      ) : (
        <OfRun run={run} collections={collections} health={health} current={current} />
      )}
    </>
  );
}

/** What is shown was found while the backup could be read; nothing can be opened or repaired until it is back. */
function BackupAway({ health: { state, backup, reason } }: { readonly health: SyncHealth }) {
  if (state !== 'away' && state !== 'silent') return null;
  return (
    <Notice tone={state === 'silent' ? 'dead' : 'failed'}>
      <p>
        <b>{state === 'away' ? 'The backup does not answer' : 'No replicator is heard of'}</b>
        {backup.lastSeenAt !== null && (
          <>
            , it did last at <Time at={backup.lastSeenAt} withDate />
          </>
        )}
        . What is below was found before. {state === 'silent' && reason}
      </p>
    </Notice>
  );
}

function OfRun({
  run,
  collections,
  health,
  current,
}: {
  readonly run: NonNullable<SyncDifferences['run']>;
  readonly collections: SyncDifferences['collections'];
  readonly health: SyncHealth;
  readonly current: FullSyncs['current'];
}) {
  const { collection: only } = useSearch({ from: '/shell/replication/differences' });
  const navigate = useNavigate();
  const shown = collections.filter(({ name }) => only === undefined || name === only);
  const when = run.endedAt === null ? null : <Time at={run.endedAt} withDate />;
  const lagging = run.lagging > 0 && (
    <>
      {' '}
      {plural(run.lagging, 'more document')} changed all the time: on their way to the backup, no differences.
    </>
  );
  if (collections.length === 0) {
    return (
      <Empty title="No difference">
        Verified {when}, no difference: the backup held the same {formatCount(run.compared)} documents as the
        primary.
        {lagging}
      </Empty>
    );
  }
  return (
    <>
      <p className={styles['found']}>
        Found {when}
        {run.endedAt !== null && (
          <>
            {' '}
            (<Age at={run.endedAt} />)
          </>
        )}{' '}
        by {run.mode === 'verify' ? 'a comparison' : 'a full sync'} of {formatCount(run.compared)} documents,
        started by {run.actor} (“{run.reason}”). Each was looked at again after the changes under way had
        arrived, so none of this is lag.
        {lagging}
      </p>
      <DifferenceSummary collections={collections} label="Differences by collection" isListed />
      {only !== undefined && (
        <p className={styles['scope']}>
          Only <code>{only}</code> is shown below.
          <Action
            weight="quiet"
            onClick={() => void navigate({ to: '/replication/differences', search: {} })}
          >
            Show all collections
          </Action>
        </p>
      )}
      {shown.length === 0 && (
        <Empty title={`No document of ${only} differed`}>Other collections have differences.</Empty>
      )}
      {shown.map((collection) => (
        <CollectionDifferences
          key={`${run.id} ${collection.name}`}
          collection={collection}
          health={health}
          current={current}
        />
      ))}
    </>
  );
}
