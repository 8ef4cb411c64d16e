import type { EventDetail } from '@sluice/contracts/api';
import type { Replay } from '@sluice/contracts/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { useLack } from '../../data/may.ts';
import { Action } from '../../ui/action.tsx';
import { CopyAction } from './copy-action.tsx';
import { toCurl } from './curl.ts';
import { DiscardOne } from './discard-one.tsx';
import styles from './event.module.css';

type Raw = NonNullable<EventDetail['raw']>;

/** What can be done with an event. */
export function Actions({ detail }: { readonly detail: EventDetail }) {
  const { id, status, raw } = detail;
  const lack = useLack('operator');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [isDiscarding, setDiscarding] = useState(false);
  const replay = useMutation({
    mutationFn: () => send<Replay>('POST', `/api/events/${id}/replay`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['event', id] }),
  });
  const notDead = status === 'dead' ? undefined : 'only a dead event can be replayed';
  return (
    <>
      <div className={styles['actions']}>
        {status === 'dead' && (
          <>
            <Action
              weight="primary"
              aria-keyshortcuts="r"
              busy={replay.isPending}
              reason={lack ?? notDead}
              onClick={() => replay.mutate()}
            >
              Replay this event
            </Action>
            <span className={styles['apart']} />
          </>
        )}
        <CopyAction
          value={
            raw === null || raw.payloadNote !== null ? null : toCurl(location.origin, raw.source, raw.payload)
          }
        >
          Copy as curl
        </CopyAction>
        <Action
          onClick={() => void navigate({ to: '/send', search: { from: id } })}
          reason={
            raw === null || raw.payloadNote !== null ? 'its payload is not JSON, or too large' : undefined
          }
        >
          Send as new…
        </Action>
        {raw !== null && <Links detail={detail} raw={raw} />}
        {status === 'dead' && raw?.discarded === null && (
          <>
            <span className={styles['apart']} />
            <Action weight="quiet" reason={lack} onClick={() => setDiscarding(true)}>
              Discard…
            </Action>
          </>
        )}
      </div>
      {replay.isSuccess && (
        <p role="status" className={styles['done']}>
          It is put into the queue by{' '}
          <Link to="/operations/$id" params={{ id: replay.data.id }}>
            a replay of its own
          </Link>
          .
        </p>
      )}
      {replay.error !== null && (
        <p role="alert" className={styles['problem']}>
          It could not be replayed: {replay.error.message}
        </p>
      )}
      <DiscardOne id={id} opened={isDiscarding} onClose={() => setDiscarding(false)} />
    </>
  );
}

function Links({ detail, raw }: { readonly detail: EventDetail; readonly raw: Raw }) {
  const { id, timeline, status } = detail;
  const run = timeline.findLast((entry) => entry.run !== undefined)?.run ?? 0;
  const job = `${id}-${raw.contentHash.slice(0, 16)}-${run}`;
  return (
    <>
      {status === 'dead' && (
        <a href={`/admin/queues/queue/events/${encodeURIComponent(job)}`} target="_blank" rel="noreferrer">
          Job in Bull Board ↗
        </a>
      )}
      <a href={`/api/events/${id}/body`} download={id}>
        Download the bytes
      </a>
    </>
  );
}
