import type { HistoryBucket, StatsHistory } from '@sluice/contracts/stats-history';
import { Link } from '@tanstack/react-router';
import { type Line, LineChart } from '../../ui/line-chart.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { formatDuration, formatTime, useZone } from '../../ui/time.tsx';
import { type ChartPlace, toDrawn, toDurationTop } from './history.ts';
import styles from './overview.module.css';
import { findPrevious } from './previous.ts';
import { toStepName } from './shown-time.ts';

const HEIGHT = 96;

const STATES = [
  { name: 'waiting', dashes: undefined },
  { name: 'active', dashes: '6 3' },
  { name: 'delayed', dashes: '1.5 3' },
] as const;

/** Draws how much waited, for how long, and how far the backup was behind: each on an axis of its own. */
export function Waiting({
  history,
  loadedMs,
  time,
  previous,
  ...shared
}: ChartPlace & { readonly history: StatsHistory; readonly loadedMs: number }) {
  const zone = useZone();
  const buckets = toDrawn(history, loadedMs);
  const times = buckets.map(({ at }) => at);
  const step = toStepName(history.stepSeconds * 1000);
  const chart = { times, scale: 'zero', height: HEIGHT, ...shared } as const;
  const noQueue = buckets.flatMap(({ at, queue }) => (queue === null ? [at] : []));
  const depths = buckets.map(({ queue }) => queue?.waiting ?? null);
  const ages = buckets.map(({ queue }) => (queue === null ? null : (queue.oldestWaitingMs ?? 0)));
  const lags = buckets.map(({ replicationLagMs }) => replicationLagMs);
  const [most, oldest, lag] = [toMost(depths), toMost(ages), toMost(lags)];
  const at = (value: number, values: readonly (number | null)[]) => {
    const time = value === 0 ? undefined : times[values.indexOf(value)];
    return time === undefined ? '' : ` at ${formatTime(new Date(time), zone, false)}`;
  };
  const unknownLag = lags.filter((value) => value === null).length;
  const before = (name: string, read: (bucket: HistoryBucket) => number | null): readonly Line[] =>
    previous === undefined
      ? []
      : [
          {
            ...{ name, isFaint: true },
            values: findPrevious(times, previous.history, previous.spanMs).map((bucket) =>
              bucket === undefined ? null : read(bucket),
            ),
          },
        ];
  const now = findNewest(buckets.map(({ queue }) => queue));
  const isNew = noQueue.length === buckets.length;
  return (
    <>
      <div className={styles['multiples']}>
        <LineChart
          {...chart}
          title={`Queue depth, jobs, most in ${step}`}
          summary={
            isNew
              ? `In ${time.name} nobody noted how much waited.`
              : `In ${time.name} ${plural(most, 'job')} waited at most${at(most, depths)}.`
          }
          unknown={noQueue}
          lines={[
            ...STATES.map(({ name, dashes }) => ({
              name,
              label: now === null ? name : `${name} ${formatCount(now[name])}`,
              ...(dashes === undefined ? {} : { dashes }),
              values: buckets.map(({ queue }) => queue?.[name] ?? null),
            })),
            ...before('waiting before', ({ queue }) => queue?.waiting ?? null),
          ]}
          format={formatCount}
        />
        <LineChart
          {...chart}
          title={`Oldest waiting, most in ${step}`}
          summary={
            isNew
              ? `In ${time.name} nobody noted how long jobs waited.`
              : `In ${time.name} the next job had waited ${formatDuration(oldest)} at most${at(oldest, ages)}.`
          }
          unknown={noQueue}
          lines={[
            { name: 'next job', label: toLabel(ages), values: ages },
            ...before('before', ({ queue }) => queue && (queue.oldestWaitingMs ?? 0)),
          ]}
          format={formatDuration}
          toTop={toDurationTop}
        />
        {history.hasBackup && (
          <LineChart
            {...chart}
            title={`Replication lag, most in ${step}`}
            summary={
              unknownLag === buckets.length
                ? `In ${time.name} nobody knew how far the backup was behind.`
                : `In ${time.name} the backup was ${formatDuration(lag)} behind at most${at(lag, lags)}${unknownLag === 0 ? '' : `; nobody knows of ${unknownLag} of ${plural(buckets.length, 'bucket')}`}.`
            }
            unknown={times.filter((_, index) => lags[index] === null)}
            lines={[
              { name: 'backup', label: toLabel(lags), values: lags },
              ...before('before', ({ replicationLagMs }) => replicationLagMs),
            ]}
            format={formatDuration}
            toTop={toDurationTop}
          />
        )}
      </div>
      {!history.hasBackup && (
        <p className={styles['none']}>
          No backup was set up in this time, so there is no replication lag to show. See{' '}
          <Link to="/replication">Replication</Link>.
        </p>
      )}
    </>
  );
}

function toLabel(values: readonly (number | null)[]): string {
  const newest = findNewest(values);
  return newest === null ? '' : formatDuration(newest);
}

/** Finds what is known of the last two buckets, of which the open one may not have been noted yet; what is older is not now. */
function findNewest<Value>(values: readonly (Value | null)[]): Value | null {
  return values.slice(-2).findLast((value) => value !== null) ?? null;
}

/** The largest of the values that are known, 0 at least. */
function toMost(values: readonly (number | null)[]): number {
  return Math.max(0, ...values.map((value) => value ?? 0));
}
