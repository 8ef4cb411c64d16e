import { type AggregatesQuery, type Interval, MAX_BUCKETS } from '@sluice/contracts/aggregates';
import { isInOrder } from '@sluice/contracts/time-range';
import { parseEnd, parseTime, refuseParameter } from './keyset.ts';
import { type RollupUnit, UNIT_SECONDS } from './rollup-units.ts';

/** A stretch of time that is read from the rollups of one unit: from `from` up to, not including, `to`. */
export type Segment = { readonly unit: RollupUnit; readonly from: number; readonly to: number };

/** How long a bucket is, in seconds, and the units that it is put together from, the longest first. */
const INTERVALS = {
  minute: { seconds: 60, units: ['minute', 'second'] },
  '5m': { seconds: 300, units: ['minute', 'second'] },
  hour: { seconds: 3600, units: ['hour', 'minute', 'second'] },
  day: { seconds: 86_400, units: ['day', 'hour', 'minute', 'second'] },
} as const satisfies Record<Interval, { readonly seconds: number; readonly units: readonly RollupUnit[] }>;

/** Returns where the bucket begins that holds a time; both in seconds since the epoch. */
export function toIntervalStart(interval: Interval, seconds: number): number {
  const size = INTERVALS[interval].seconds;
  return Math.floor(seconds / size) * size;
}

/**
 * Splits the time that a question is about into stretches of whole units, as long ones as there are: at most seven.
 * Times are in seconds since the epoch; an end that is not named is infinite. A second counts as a whole: one that
 * `startDate` or `endDate` falls into belongs to it.
 *
 * @throws ProblemException ERR_QUERY_INVALID for a bad time, an end before the start, or too many buckets
 */
export function toSegments({
  startDate,
  endDate,
  interval,
}: Pick<AggregatesQuery, 'startDate' | 'endDate' | 'interval'>): readonly Segment[] {
  const { seconds, units } = INTERVALS[interval];
  const from =
    startDate === undefined
      ? Number.NEGATIVE_INFINITY
      : Math.floor(parseTime('startDate', startDate).getTime() / 1000);
  const to =
    endDate === undefined
      ? Number.POSITIVE_INFINITY
      : Math.ceil(parseEnd('endDate', endDate).getTime() / 1000);
  if (!isInOrder({ from: startDate, to: endDate })) throw refuseParameter('endDate', 'lies before startDate');
  const buckets = Math.ceil((to - from) / seconds);
  if (Number.isFinite(buckets) && buckets > MAX_BUCKETS) {
    throw refuseParameter(
      'interval',
      `${interval} makes ${buckets} buckets of this time, and ${MAX_BUCKETS} are the most: ask for a longer interval or a shorter time`,
    );
  }
  return split(from, to, units);
}

function split(from: number, to: number, units: readonly RollupUnit[]): readonly Segment[] {
  const [unit, ...shorter] = units;
  if (unit === undefined || from >= to) return [];
  const size = UNIT_SECONDS[unit];
  const start = Math.ceil(from / size) * size;
  const end = Math.floor(to / size) * size;
  if (start >= end) return split(from, to, shorter);
  return [...split(from, start, shorter), { unit, from: start, to: end }, ...split(end, to, shorter)];
}
