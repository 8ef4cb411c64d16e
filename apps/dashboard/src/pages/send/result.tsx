import type { Accepted, EventDetail } from '@sluice/contracts/api';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { read } from '../../data/http.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { Timeline } from '../event/timeline.tsx';
import styles from './send.module.css';

/** How often an event on its way is looked at, in ms. */
const LOOK_MS = 500;

/** Follows an event that was just sent until its fate is final. */
export function Result({ accepted }: { readonly accepted: Accepted }) {
  const { data } = useQuery({
    queryKey: ['event', accepted.id],
    queryFn: ({ signal }) => read<EventDetail>(`/api/events/${accepted.id}`, {}, signal),
    refetchInterval: ({ state }) => (isOnItsWay(state.data) ? LOOK_MS : false),
  });
  return (
    <div className={styles['result']} role="status">
      <p>
        Accepted{accepted.duplicate && ': it was known already, so nothing was added'}.{' '}
        <Copyable value={accepted.id} name="event id" head={40} />
      </p>
      {data !== undefined && (
        <>
          <p>
            <Status mark={data.status} />
          </p>
          <Timeline detail={data} />
        </>
      )}
      <Link to="/events/$id" params={{ id: accepted.id }}>
        Open the event
      </Link>
    </div>
  );
}

function isOnItsWay(detail: EventDetail | undefined): boolean {
  return detail === undefined || ['pending', 'processing', 'failed'].includes(detail.status);
}
