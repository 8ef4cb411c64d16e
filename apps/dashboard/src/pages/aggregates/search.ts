import type { AggregatesQuery } from '@sluice/contracts/aggregates';
import { readTexts } from '../../data/search.ts';

/** How long a bucket can be, and what a person calls it. */
export const INTERVALS = [
  ['minute', 'minute'],
  ['5m', '5 minutes'],
  ['hour', 'hour'],
  ['day', 'day'],
] as const satisfies readonly (readonly [AggregatesQuery['interval'], string])[];
export type Interval = (typeof INTERVALS)[number][0];

/** The times that one click chooses, in hours back from now, with the buckets that suit them. */
export const RANGES = [
  { name: '1 h', hours: 1, interval: 'minute' },
  { name: '6 h', hours: 6, interval: '5m' },
  { name: '24 h', hours: 24, interval: 'hour' },
  { name: '7 d', hours: 168, interval: 'hour' },
  { name: '30 d', hours: 720, interval: 'day' },
] as const satisfies readonly { name: string; hours: number; interval: Interval }[];

/** What the address of the aggregates says. */
export type AggregatesSearch = {
  readonly source?: string;
  readonly metric?: string;
  readonly from?: string;
  readonly to?: string;
  readonly interval?: Interval;
};

/** Reads the question from an address; what it does not know it leaves out. */
export function toAggregatesSearch(search: Readonly<Record<string, unknown>>): AggregatesSearch {
  const interval = INTERVALS.find(([value]) => value === search['interval'])?.[0];
  return {
    ...readTexts(search, ['source', 'metric', 'from', 'to']),
    ...(interval === undefined ? {} : { interval }),
  };
}
