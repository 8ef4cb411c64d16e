import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { toFailure } from '../../data/failure.ts';
import { useLack } from '../../data/may.ts';
import { fullSyncsQuery, syncHealthQuery } from '../../data/sync.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { PageHead } from '../../ui/page.tsx';
import { Failed, Forbidden, Loading } from '../../ui/states.tsx';
import { FullSyncs } from './full-syncs.tsx';
import { Health } from './health.tsx';
import { NewFullSync } from './new-full-sync.tsx';
import { SyncOff } from './sync-off.tsx';

/** Answers: is the backup good, how late is it, and does it hold the same as the primary. */
export function Replication() {
  const health = useQuery(syncHealthQuery);
  const syncs = useQuery(fullSyncsQuery);
  const lack = useLack('operator');
  const [isStarting, setStarting] = useState(false);
  const failure = toFailure(health.error ?? syncs.error);
  const isOff = health.data?.state === 'off';
  const current = syncs.data?.current ?? null;
  const busy = current === null ? undefined : 'one full sync at a time';
  return (
    <>
      <PageHead title="Replication">
        {health.data !== undefined && !isOff && (
          <Action reason={lack ?? busy} onClick={() => setStarting(true)}>
            Compare the two databases…
          </Action>
        )}
      </PageHead>
      <Dialog title="Compare the two databases" opened={isStarting} onClose={() => setStarting(false)}>
        <NewFullSync isBlocked={health.data?.state === 'blocked'} onClose={() => setStarting(false)} />
      </Dialog>
      {failure?.status === 403 ? (
        <Forbidden what="The backup concerns all tenants" needs="viewer of the default tenant" />
      ) : (
        <>
          {failure !== null && (
            <Failed
              what="How the backup stands could not be loaded"
              failure={failure}
              onRetry={() => void Promise.all([health.refetch(), syncs.refetch()])}
              {...(health.data === undefined ? {} : { asOf: health.dataUpdatedAt })}
            />
          )}
          {health.data === undefined && failure === null && <Loading rows={8} />}
          {health.data !== undefined && (isOff ? <SyncOff /> : <Health health={health.data} />)}
          {syncs.data !== undefined && syncs.data.lastVerifiedAt !== null && (
            <p>
              <Link to="/replication/differences">What differs, document by document</Link>
            </p>
          )}
          {syncs.data !== undefined && <FullSyncs syncs={syncs.data} isOff={isOff} />}
        </>
      )}
    </>
  );
}
