import type { HourlyStats } from '@sluice/contracts/hourly-stats';
import type { RecentStats } from '@sluice/contracts/recent-stats';
import { expect, it } from 'vitest';
import { sumColumns, toHourlyColumns, toKnownMs, toRecentColumns, toSourceCounts } from './outcomes.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();

const toHour = (hour: number, source: string, accepted: number) => ({
  ...{ hour: iso(START + hour * HOUR), source, accepted, normalized: accepted },
  ...{ duplicate: 0, dead: 0, failed: 0, pending: 0, latency: { '3': accepted } },
});

it('adds hours up into wider columns, leaves none out, and says what nobody knows', () => {
  const answer: Pick<HourlyStats, 'hours' | 'rejected'> = {
    hours: [toHour(5, 'a', 2), toHour(4, 'b', 3), toHour(0, 'a', 1)],
    rejected: [{ hour: iso(START + HOUR), count: 7 }],
  };
  const columns = toHourlyColumns(
    answer,
    { fromMs: START, toMs: START + 6 * HOUR, loadedMs: START + 5.5 * HOUR, stepMs: 2 * HOUR, isLive: true },
    START + 10.5 * HOUR,
  );
  expect(columns.map(({ counts }) => counts?.accepted ?? null)).toEqual([1, 0, 5, null, null]);
  expect(toKnownMs(columns, 2 * HOUR)).toBe(6 * HOUR);
  expect(columns[0]?.counts?.rejected).toBe(7);
  expect(columns[2]?.latency).toEqual({ '3': 5 });
  expect(sumColumns(columns)).toMatchObject({ accepted: 6, rejected: 7 });
});

it('says that nobody knows what came after an answer, but not of a time that is over', () => {
  const bucket = (index: number) => ({
    ...{ at: iso(START + index * 15_000), accepted: index, normalized: index, duplicate: 0 },
    ...{ dead: 0, failed: 0, rejected: 0, latency: {} },
  });
  const buckets = [2, 3, 4].map(bucket);
  const answer: RecentStats = {
    stepSeconds: 15,
    buckets,
    sources: [],
    knownFrom: null,
    rejectedKnownFrom: null,
  };
  const counts = (nowMs: number, { isLive = true, fastMs = 0, knownFrom = null as string | null } = {}) =>
    toRecentColumns(
      { ...answer, knownFrom },
      { isLive, loadedMs: START + 4.5 * 15_000 + fastMs },
      nowMs + fastMs,
    ).map((column) => column.counts?.accepted ?? null);
  expect(counts(START + 4.5 * 15_000)).toEqual([2, 3, 4]);
  // The open column may be read a little late; after a whole step more nobody knows.
  expect(counts(START + 7 * 15_000)).toEqual([2, 3, 4, null, null]);
  expect(counts(START + 7 * 15_000, { isLive: false })).toEqual([2, 3, 4]);
  // A clock that is fast makes nothing unknown that is known.
  expect(counts(START + 4.5 * 15_000, { fastMs: 300_000 })).toEqual([2, 3, 4]);
  expect(counts(START + 7 * 15_000, { fastMs: 300_000 })).toEqual([2, 3, 4, null, null]);
  // Where the counting began later, what was before is unknown, not zero.
  expect(counts(START + 4.5 * 15_000, { knownFrom: iso(START + 45_000) })).toEqual([null, 3, 4]);
});

it('adds hours up by source', () => {
  const sources = toSourceCounts([toHour(0, 'a', 2), toHour(1, 'b', 5), toHour(2, 'a', 1)]);
  expect(sources.map(({ source, accepted }) => [source, accepted])).toEqual([
    ['b', 5],
    ['a', 3],
  ]);
});
