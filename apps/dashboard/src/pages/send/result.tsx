import type { Accepted, EventDetail } from '@sluice/contracts/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { read } from '../../data/http.ts';
import { useStatusNews } from '../../data/status-news.ts';
import { syncHealthQuery } from '../../data/sync.ts';
import { useAnnounce } from '../../shell/announcer.tsx';
import { Copyable } from '../../ui/copyable.tsx';
import { Rail, type RailStation } from '../../ui/rail.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { toCause } from '../event/cause.ts';
import { useCopyWait } from '../event/copy-wait.ts';
import { Due } from '../event/lanes.tsx';
import { Timeline } from '../event/timeline.tsx';
import { toEventStations } from './event-stations.ts';
import styles from './send.module.css';

/** How often an event on its way is looked at, in ms; what is told of it live comes sooner. */
const LOOK_MS = 1000;

/** Follows an event that was just sent until its fate is final, and its record is on the backup where there is one. */
export function Result({ accepted }: { readonly accepted: Accepted }) {
  const { id, duplicate } = accepted;
  const queries = useQueryClient();
  const waitForCopy = useCopyWait(LOOK_MS);
  const { data } = useQuery({
    queryKey: ['event', id],
    queryFn: ({ signal }) => read<EventDetail>(`/api/events/${id}`, {}, signal),
    refetchInterval: ({ state: { data: detail } }) =>
      detail === undefined || isOnItsWay(detail) ? LOOK_MS : waitForCopy(detail),
  });
  const { data: backup } = useQuery({
    ...syncHealthQuery,
    refetchInterval: data !== undefined && waitForCopy(data),
  });
  useStatusNews({
    onItems: (items) => {
      if (items.some((item) => item.id === id)) void queries.invalidateQueries({ queryKey: ['event', id] });
    },
  });
  const stations: readonly RailStation[] = data === undefined ? [] : toEventStations(data, backup);
  const dueAt = data?.timeline.findLast((entry) => entry.dueAt !== undefined)?.dueAt;
  const announce = useAnnounce();
  const status = data?.status;
  useEffect(() => {
    if (status !== undefined) announce('sent', `the event that was sent is ${status}`);
  }, [announce, status]);
  return (
    <div className={styles['result']}>
      <p>
        Accepted{duplicate && ': it was known already, so nothing was added'}.{' '}
        <Copyable value={id} name="event id" head={40} />
      </p>
      {data !== undefined && (
        <>
          <p>
            <Status mark={data.status} /> {toCause(data)}{' '}
            {dueAt !== undefined && isOnItsWay(data) && (
              <span className={styles['due']}>
                Next attempt <Due at={dueAt} />.
              </span>
            )}
          </p>
          <Rail label="The way of this event" stations={stations} />
          <Timeline detail={data} />
        </>
      )}
      <Link to="/events/$id" params={{ id }}>
        Open the event
      </Link>
    </div>
  );
}

function isOnItsWay({ status }: EventDetail): boolean {
  return ['pending', 'processing', 'failed'].includes(status);
}
