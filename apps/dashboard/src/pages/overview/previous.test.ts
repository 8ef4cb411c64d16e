import { expect, it } from 'vitest';
import type { Column } from './outcomes.ts';
import { findPrevious, toPreviousCounts } from './previous.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const iso = (ms: number) => new Date(ms).toISOString();
const toTimes = (minutes: readonly number[]) => minutes.map((minute) => iso(START + HOUR + minute * MINUTE));

const toColumn = (minute: number, normalized: number | null): Column => ({
  at: iso(START + minute * MINUTE),
  latency: {},
  counts:
    normalized === null
      ? null
      : { accepted: normalized, normalized, duplicate: 0, failed: 0, dead: 0, rejected: 0 },
});

it('finds the bucket as much before, also where buckets were longer, and none where nothing is known', () => {
  const previous = [{ at: iso(START) }, { at: iso(START + 3 * MINUTE) }];
  const found = findPrevious(toTimes([-1, 0, 2, 3, 5, 6]), previous, HOUR);
  expect(found.map((one) => one && previous.indexOf(one))).toEqual([undefined, 0, 0, 1, 1, undefined]);
});

it('shares what was counted in a longer bucket out, and leaves what nobody knows unknown', () => {
  const columns = [toColumn(0, 12), toColumn(3, null), toColumn(6, 3)];
  const previous = { time: { stepMs: 3 * MINUTE }, spanMs: HOUR, columns };
  const counts = toPreviousCounts(toTimes([0, 1, 2, 3, 6]), MINUTE, previous);
  expect(counts.map((one) => one?.normalized ?? null)).toEqual([4, 4, 4, null, 1]);
});
