import { readTexts } from '../../data/search.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The times that can be looked at, and how long a bucket is in each: 120 columns at most. */
export const RANGES = [
  { value: '15m', name: '15 min', spanMs: 15 * MINUTE_MS, stepMs: 15_000, step: '15 s' },
  { value: '1h', name: '1 h', spanMs: HOUR_MS, stepMs: 30_000, step: '30 s' },
  { value: '6h', name: '6 h', spanMs: 6 * HOUR_MS, stepMs: HOUR_MS, step: 'hour' },
  { value: '24h', name: '24 h', spanMs: 24 * HOUR_MS, stepMs: HOUR_MS, step: 'hour' },
  { value: '7d', name: '7 d', spanMs: 168 * HOUR_MS, stepMs: 2 * HOUR_MS, step: '2 h' },
  { value: '30d', name: '30 d', spanMs: 720 * HOUR_MS, stepMs: 6 * HOUR_MS, step: '6 h' },
] as const;
export type Range = (typeof RANGES)[number];

/** What the address of the overview says; the last hour of all sources by default. */
export type OverviewSearch = { readonly range?: Range['value']; readonly source?: string };

/** Reads range and source from an address; what it does not know it leaves out. */
export function toOverviewSearch(search: Readonly<Record<string, unknown>>): OverviewSearch {
  const range = RANGES.find(({ value }) => value === search['range'])?.value;
  return { ...readTexts(search, ['source']), ...(range === undefined ? {} : { range }) };
}

/** Returns the range that an address asks for. */
export function toRange({ range = '1h' }: OverviewSearch): Range {
  return RANGES.find(({ value }) => value === range) ?? RANGES[1];
}
