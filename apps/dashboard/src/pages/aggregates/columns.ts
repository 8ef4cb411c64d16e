import type { Interval } from './search.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How long a column can be, in minutes, and what a person calls it; a longer one is a number of days. */
const LENGTHS = [
  [1, 'minute'],
  [5, '5 minutes'],
  [15, '15 minutes'],
  [60, 'hour'],
  [180, '3 hours'],
  [720, '12 hours'],
  [1440, 'day'],
  [2 * 1440, '2 days'],
  [7 * 1440, '7 days'],
  [14 * 1440, '14 days'],
  [28 * 1440, '28 days'],
] as const;

const LEAST_MINUTES: Readonly<Record<Interval, number>> = { minute: 1, '5m': 5, hour: 60, day: 1440 };

/** The columns of a chart over time, all equally long. */
export type Columns = {
  /** When each begins, in order; the empty ones are among them. */
  readonly times: readonly string[];
  /** What a person calls their length. */
  readonly length: string;
  /** Whether the last one is not over yet. */
  readonly isOpen: boolean;
  /** Returns when the column of a bucket begins. */
  readonly toTime: (bucket: string) => string;
};

/** Puts buckets into at most `most` columns: as long as the buckets, or longer where their time is too long for that. */
export function toColumns(
  buckets: readonly string[],
  interval: Interval,
  nowMs: number,
  most: number,
): Columns {
  const times = buckets.map((bucket) => Date.parse(bucket));
  const firstMs = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const lastMs = times.reduce((greatest, time) => Math.max(greatest, time), Number.NEGATIVE_INFINITY);
  const toBegin = (stepMs: number) => {
    const unitMs = Math.min(stepMs, DAY_MS);
    return Math.floor(firstMs / unitMs) * unitMs;
  };
  const toCount = (stepMs: number) => Math.floor((lastMs - toBegin(stepMs)) / stepMs) + 1;
  const found = LENGTHS.find(
    ([minutes]) => minutes >= LEAST_MINUTES[interval] && toCount(minutes * MINUTE_MS) <= most,
  );
  const days = Math.ceil(toCount(DAY_MS) / most);
  const [stepMs, length] =
    found === undefined ? [days * DAY_MS, `${days} days`] : [found[0] * MINUTE_MS, found[1]];
  const beginMs = toBegin(stepMs);
  const count = times.length === 0 ? 0 : toCount(stepMs);
  const toTime = (place: number) => new Date(beginMs + place * stepMs).toISOString();
  return {
    times: Array.from({ length: count }, (_, place) => toTime(place)),
    length,
    isOpen: count > 0 && lastMs <= nowMs && nowMs < beginMs + count * stepMs,
    toTime: (bucket) => toTime(Math.floor((Date.parse(bucket) - beginMs) / stepMs)),
  };
}
