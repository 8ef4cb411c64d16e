import { expect, it } from 'vitest';
import { toPreviousTime, toShownTime } from './shown-time.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const MINUTE = 60_000;
const iso = (ms: number) => new Date(ms).toISOString();

it.each([
  ['15m', '15 s', 60],
  ['1h', '30 s', 120],
  ['6h', '3 min', 120],
  ['24h', '15 min', 96],
  ['7d', '2 h', 84],
  ['30d', '6 h', 120],
] as const)('cuts %s into buckets of %s, the open one included', (range, step, count) => {
  const time = toShownTime({ range }, NOW);
  expect([time.step, (time.toMs - time.fromMs) / time.stepMs]).toEqual([step, count]);
  expect(time.toMs).toBeGreaterThan(NOW);
  expect(time.toMs - NOW).toBeLessThanOrEqual(time.stepMs);
});

it.each([
  ['15m', '15 s'],
  ['1h', '3 min'],
  ['24h', '15 min'],
  ['7d', '2 h'],
] as const)('cuts what was before %s into buckets of %s, which is what is known of it', (range, step) => {
  const shown = toShownTime({ range }, NOW);
  const before = toPreviousTime({ range }, NOW);
  expect([before.step, before.isLive, before.key]).toEqual([step, false, shown.key]);
  expect(before.fromMs).toBeLessThanOrEqual(2 * shown.fromMs - shown.toMs);
  expect(before.toMs).toBeGreaterThanOrEqual(shown.fromMs);
});

it('cuts a chosen time into what is known of it', () => {
  const ofAge = (minutes: number) => ({
    from: iso(NOW - minutes * MINUTE),
    to: iso(NOW - (minutes - 10) * MINUTE),
  });
  expect([50, 90, 47 * 60, 49 * 60].map((age) => toShownTime(ofAge(age), NOW).step)).toEqual([
    '15 s',
    '3 min',
    '3 min',
    'hour',
  ]);
  expect(toShownTime(ofAge(50), NOW)).toMatchObject({ isLive: false, name: 'the chosen 10 min 15 s' });
  expect(toShownTime(ofAge(49 * 60), NOW)).toMatchObject({
    ...{ name: 'the chosen 1 h', fromMs: Date.UTC(2025, 11, 31, 2), toMs: Date.UTC(2025, 11, 31, 3) },
  });
  expect(toShownTime(ofAge(5), NOW)).toMatchObject({ isLive: true });
});
