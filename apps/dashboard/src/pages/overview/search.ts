import { readTexts } from '../../data/search.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The times up to now that one click chooses. */
export const RANGES = [
  { value: '15m', name: '15 min', spanMs: 15 * MINUTE_MS },
  { value: '1h', name: '1 h', spanMs: HOUR_MS },
  { value: '6h', name: '6 h', spanMs: 6 * HOUR_MS },
  { value: '24h', name: '24 h', spanMs: DAY_MS },
  { value: '7d', name: '7 d', spanMs: 7 * DAY_MS },
  { value: '30d', name: '30 d', spanMs: 30 * DAY_MS },
] as const;

/** The shortest and the longest time that can be chosen. */
const LEAST_MS = MINUTE_MS;
const MOST_MS = 31 * DAY_MS;

/**
 * What the address of the overview says; the last hour of all sources by default, `from` and `to` before `range`. `compare` =
 * the time as long before is drawn too.
 */
export type OverviewSearch = {
  readonly range?: (typeof RANGES)[number]['value'];
  readonly source?: string;
  readonly from?: string;
  readonly to?: string;
  readonly compare?: 'previous';
};

/** A time that was chosen, in epoch ms. */
export type ChosenTime = { readonly fromMs: number; readonly toMs: number };

/** Reads time and source from an address; what it does not know, or could not be shown, it leaves out. */
export function toOverviewSearch(search: Readonly<Record<string, unknown>>): OverviewSearch {
  const range = RANGES.find(({ value }) => value === search['range'])?.value;
  const { source, from, to } = readTexts(search, ['source', 'from', 'to']);
  const time = { fromMs: parseTime(from ?? '', 'utc'), toMs: parseTime(to ?? '', 'utc') };
  return {
    ...(source === undefined ? {} : { source }),
    ...(range === undefined ? {} : { range }),
    ...(search['compare'] === 'previous' ? { compare: 'previous' } : {}),
    ...(findFault(time) === null ? toTexts(time) : {}),
  };
}

/** Returns the time that an address asks for; null when it is one up to now. */
export function toChosenTime({ from, to }: OverviewSearch): ChosenTime | null {
  return from === undefined || to === undefined ? null : { fromMs: Date.parse(from), toMs: Date.parse(to) };
}

/** Writes a time as an address names it, to the second. */
export function toTexts({ fromMs, toMs }: ChosenTime): { readonly from: string; readonly to: string } {
  const write = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return { from: write(fromMs), to: write(toMs) };
}

/** Makes a time at least as long as can be shown, around its middle. */
export function widen({ fromMs, toMs }: ChosenTime): ChosenTime {
  const more = Math.max(0, LEAST_MS - (toMs - fromMs)) / 2;
  return { fromMs: Math.floor(fromMs - more), toMs: Math.ceil(toMs + more) };
}

/** Says why a time cannot be shown; null when it can. */
export function findFault({ fromMs, toMs }: ChosenTime): string | null {
  if (Number.isNaN(fromMs)) return 'From is no time: write it like 2026-11-21 09:30.';
  if (Number.isNaN(toMs)) return 'To is no time: write it like 2026-11-21 09:45.';
  if (fromMs >= toMs) return 'From has to be before To.';
  if (toMs - fromMs < LEAST_MS) return 'It has to be a minute at least.';
  if (toMs - fromMs > MOST_MS) return 'It can be 31 days at most.';
  return null;
}

const WRITTEN = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?(Z|[+-]\d{2}:\d{2})?$/;

/** Reads a written time in epoch ms, in the zone when it names none: `2026-11-21 09:30`, seconds and time may be left out. */
export function parseTime(written: string, zone: 'utc' | 'local'): number {
  const [, date, time = '00:00', mark = zone === 'utc' ? 'Z' : ''] = WRITTEN.exec(written.trim()) ?? [];
  return date === undefined ? Number.NaN : Date.parse(`${date}T${time}${mark}`);
}
