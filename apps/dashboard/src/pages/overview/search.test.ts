import { expect, it } from 'vitest';
import { findFault, parseTime, toChosenTime, toOverviewSearch, widen } from './search.ts';

const FROM = '2026-01-02T03:00:00Z';
const TO = '2026-01-02T03:30:00Z';

it('reads a chosen time from an address', () => {
  const search = toOverviewSearch({ range: '6h', from: '2026-01-02T04:00:00+01:00', to: TO, source: 'shop' });
  expect(search).toEqual({ range: '6h', source: 'shop', from: FROM, to: TO });
  expect(toChosenTime(search)).toEqual({ fromMs: Date.parse(FROM), toMs: Date.parse(TO) });
});

it('reads whether the time before is compared', () => {
  expect(toOverviewSearch({ compare: 'previous' })).toEqual({ compare: 'previous' });
  expect(toOverviewSearch({ compare: 'next' })).toEqual({});
});

it.each([
  { from: FROM },
  { from: TO, to: FROM },
  { from: FROM, to: '2026-01-02T03:00:59Z' },
  { from: '2025-01-02T03:00:00Z', to: TO },
  { from: 'yesterday', to: TO },
  { from: 5, to: 7 },
])('leaves out what is no time to be shown: %o', (search) => {
  const read = toOverviewSearch(search);
  expect(read).toEqual({});
  expect(toChosenTime(read)).toBeNull();
});

it('reads written times, in the zone or as they say themselves', () => {
  expect(parseTime(' 2026-01-02 03:00 ', 'utc')).toBe(Date.parse(FROM));
  expect(parseTime('2026-01-02', 'utc')).toBe(Date.UTC(2026, 0, 2));
  expect(parseTime('2026-01-02T05:00:00+02:00', 'utc')).toBe(Date.parse(FROM));
  expect(parseTime('2026-01-02 03:00', 'local')).toBe(new Date(2026, 0, 2, 3).getTime());
  for (const bad of ['', '3 pm', '2026-13-01', '2026-01-02 3:00']) expect(parseTime(bad, 'utc')).toBeNaN();
});

it('says what is wrong with a time, and makes a short one long enough', () => {
  expect(findFault({ fromMs: 10, toMs: 5 })).toMatch(/before/);
  expect(findFault({ fromMs: Number.NaN, toMs: 5 })).toMatch(/^From/);
  expect(widen({ fromMs: 100_000, toMs: 115_000 })).toEqual({ fromMs: 77_500, toMs: 137_500 });
  expect(widen({ fromMs: 0, toMs: 90_000 })).toEqual({ fromMs: 0, toMs: 90_000 });
});
