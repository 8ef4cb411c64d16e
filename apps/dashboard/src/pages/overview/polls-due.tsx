import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { toFailure } from '../../data/failure.ts';
import { schedulesQuery } from '../../data/schedules.ts';
import { useNow } from '../../ui/clock.ts';
import { Failed, Loading } from '../../ui/states.tsx';
import { NextRun } from '../schedules/next-run.tsx';
import { Counts } from './counts.tsx';
import { countDue, sortByDue } from './due.ts';
import styles from './overview.module.css';

const REFRESH_MS = 10_000;
const MAX_NAMED = 4;

/** Says how many polls are overdue, and which come next. */
export function PollsDue() {
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    ...schedulesQuery,
    refetchInterval: REFRESH_MS,
  });
  const now = useNow();
  const failure = toFailure(error);
  const failed = failure !== null && (
    <Failed
      what="The polls could not be loaded"
      failure={failure}
      onRetry={() => void refetch()}
      {...(data === undefined ? {} : { asOf: dataUpdatedAt })}
    />
  );
  if (data === undefined) return failed || <Loading rows={4} />;
  if (data.items.length === 0) return <p className={styles['none']}>No source is polled.</p>;
  const { overdue, running, soon, paused } = countDue(data.items, now);
  const first = sortByDue(data.items).slice(0, MAX_NAMED);
  return (
    <>
      {failed}
      <Counts
        counts={[
          { name: 'Overdue', count: overdue, isBad: overdue > 0 },
          { name: 'Running', count: running },
          { name: 'Due within an hour', count: soon },
          { name: 'Paused', count: paused },
        ]}
      />
      <ul className={styles['due']} aria-label="Due first">
        {first.map((schedule) => (
          <li key={schedule.id}>
            <Link to="/sources/$id" params={{ id: schedule.id }}>
              {schedule.id}
            </Link>
            <div>
              <NextRun schedule={schedule} />
            </div>
          </li>
        ))}
      </ul>
      <p className={styles['more']}>
        <Link to="/schedules">
          {data.nextCursor === null
            ? toAll(data.items.length)
            : `The first ${data.items.length} polled sources`}
        </Link>
      </p>
    </>
  );
}

function toAll(count: number): string {
  return count === 1 ? 'The polled source' : `All ${count} polled sources`;
}
