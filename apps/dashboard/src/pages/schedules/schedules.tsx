import type { ScheduleItem } from '@sluice/contracts/schedules';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { toFailure } from '../../data/failure.ts';
import { useLiveState } from '../../data/live-context.ts';
import { queuesQuery } from '../../data/queues.ts';
import { schedulesQuery } from '../../data/schedules.ts';
import { Notice } from '../../ui/notice.tsx';
import { plural } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Empty, Failed, Loading, StaleFrame } from '../../ui/states.tsx';
import { formatDuration } from '../../ui/time.tsx';
import { useWindowWidth } from '../../ui/window-width.ts';
import { Cursor } from './cursor.tsx';
import { NextRun } from './next-run.tsx';
import { PollActions } from './poll-actions.tsx';
import { RunMarks } from './run-marks.tsx';
import styles from './schedules.module.css';

const REFRESH_MS = 3000;

/** Below this width of the window there are two columns: what is in the others stands under these. */
const NARROW = 600;

/** Answers: was every legacy system polled, when is the next time, and what came of it. */
export function Schedules() {
  const { connection } = useLiveState();
  const { data, error, isPending, refetch, dataUpdatedAt } = useQuery({
    ...schedulesQuery,
    refetchInterval: REFRESH_MS,
  });
  // Another tenant may not see the queues; then nothing is said of the schedulers.
  const { data: queues } = useQuery({ ...queuesQuery, retry: false });
  const schedulers = queues?.items.find(({ name }) => name === 'polls')?.processes.running;
  const failure = toFailure(error);
  const items = data?.items ?? [];
  const late = items.filter(({ dueAt }) => dueAt !== null).length;
  return (
    <>
      <PageHead title="Schedules">
        {items.length > 0 && (
          <span>
            {plural(items.length, 'polled source')}
            {late > 0 && `, ${late} late`}
          </span>
        )}
      </PageHead>
      {schedulers === 0 && (
        <Notice tone="dead">
          <p>
            <b>0 schedulers; nothing is polled.</b> Start a scheduler: it makes up for the last run that was
            missed.
          </p>
        </Notice>
      )}
      {failure !== null && (
        <Failed
          what="The schedules could not be loaded"
          failure={failure}
          onRetry={() => void refetch()}
          {...(data === undefined ? {} : { asOf: dataUpdatedAt })}
        />
      )}
      {isPending && failure === null && <Loading rows={6} label="Loading the schedules" />}
      {data !== undefined && items.length === 0 && (
        <Empty
          title="No source is polled"
          action={
            <Link to="/sources" search={{ add: 'poll' }}>
              Add a source that is polled
            </Link>
          }
        >
          Sources that send to us need no schedule.
        </Empty>
      )}
      {items.length > 0 && (
        <StaleFrame asOf={connection === 'stale' ? dataUpdatedAt : null}>
          <div className={styles['table']}>
            <Table items={items} />
          </div>
        </StaleFrame>
      )}
    </>
  );
}

function Table({ items }: { readonly items: readonly ScheduleItem[] }) {
  const isNarrow = useWindowWidth() < NARROW;
  return (
    <PlainTable label="Schedules" wraps>
      <thead>
        <tr>
          <th scope="col">{isNarrow ? 'Source and next run' : 'Source'}</th>
          {!isNarrow && <th scope="col">Next run</th>}
          <th scope="col">Last 20 runs, the newest at the right</th>
          <th scope="col" data-align="right" data-from="900">
            Took
          </th>
          <th scope="col" data-align="right" data-from="1200">
            Behind
          </th>
          <th scope="col" data-from="1200">
            Read up to
          </th>
          {!isNarrow && (
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <Row key={item.id} item={item} isNarrow={isNarrow} />
        ))}
      </tbody>
    </PlainTable>
  );
}

function Row({ item, isNarrow }: { readonly item: ScheduleItem; readonly isNarrow: boolean }) {
  const { id, schedule, paused, runs, lagSeconds, cursor } = item;
  const ended = runs.find(
    ({ endedAt, outcome }) => endedAt !== null && outcome !== 'open' && outcome !== 'busy',
  );
  const isFailing = runs[0]?.outcome === 'failed' || runs[0]?.outcome === 'open';
  const error = isFailing ? runs.find((run) => run.error !== null)?.error : undefined;
  const actions = (
    <div className={styles['actions']}>
      <PollActions id={id} paused={paused} />
    </div>
  );
  return (
    <tr data-over={paused}>
      <th scope="row">
        <Link to="/sources/$id" params={{ id }}>
          {id}
        </Link>
        <code className={styles['under']}>{schedule}</code>
        {isNarrow && (
          <div className={styles['next']}>
            <NextRun schedule={item} />
          </div>
        )}
      </th>
      {!isNarrow && (
        <td>
          <NextRun schedule={item} />
        </td>
      )}
      <td>
        {runs.length === 0 ? 'never polled yet' : <RunMarks runs={runs} />}
        {error !== undefined && <span className={styles['why']}>{error}</span>}
        {isNarrow && actions}
      </td>
      <td data-align="right" data-from="900">
        {ended?.endedAt == null
          ? ''
          : formatDuration(Date.parse(ended.endedAt) - Date.parse(ended.startedAt))}
      </td>
      <td data-align="right" data-from="1200">
        {lagSeconds === null ? 'unknown' : formatDuration(lagSeconds * 1000)}
      </td>
      <td data-from="1200">
        <Cursor value={cursor} />
      </td>
      {!isNarrow && <td>{actions}</td>}
    </tr>
  );
}
