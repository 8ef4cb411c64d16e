import { INTERVALS } from '@sluice/contracts/aggregates';
import { describe, expect, it } from 'vitest';
import { toIntervalStart, toSegments } from './aggregate-range.ts';
import { UNIT_SECONDS } from './rollup-units.ts';

const at = (time: string) => Date.parse(time) / 1000;

describe('toSegments', () => {
  it('reads whole days from the rollups of days', () => {
    expect(toSegments({ startDate: '2026-01-01', endDate: '2026-01-02', interval: 'day' })).toEqual([
      { unit: 'day', from: at('2026-01-01T00:00:00Z'), to: at('2026-01-03T00:00:00Z') },
    ]);
  });

  it('takes shorter units at both ends', () => {
    const startDate = '2026-01-01T22:58:59.500Z';
    const endDate = '2026-01-03T01:01:00.001Z';
    expect(toSegments({ startDate, endDate, interval: 'day' })).toEqual([
      { unit: 'second', from: at('2026-01-01T22:58:59Z'), to: at('2026-01-01T22:59:00Z') },
      { unit: 'minute', from: at('2026-01-01T22:59:00Z'), to: at('2026-01-01T23:00:00Z') },
      { unit: 'hour', from: at('2026-01-01T23:00:00Z'), to: at('2026-01-02T00:00:00Z') },
      { unit: 'day', from: at('2026-01-02T00:00:00Z'), to: at('2026-01-03T00:00:00Z') },
      { unit: 'hour', from: at('2026-01-03T00:00:00Z'), to: at('2026-01-03T01:00:00Z') },
      { unit: 'minute', from: at('2026-01-03T01:00:00Z'), to: at('2026-01-03T01:01:00Z') },
      { unit: 'second', from: at('2026-01-03T01:01:00Z'), to: at('2026-01-03T01:01:01Z') },
    ]);
  });

  it('covers every second once, whatever the ends are', () => {
    for (const interval of INTERVALS) {
      for (let step = 0; step < 100; step += 1) {
        const from = at('2026-01-01T00:00:00Z') + step * 977;
        const to = from + ((step * 7919) % 200_000);
        const segments = toSegments({
          startDate: new Date(from * 1000).toISOString(),
          endDate: new Date(to * 1000).toISOString(),
          interval,
        });
        let reached = from;
        for (const { unit, from: start, to: end } of segments) {
          expect(start).toBe(reached);
          expect((start % UNIT_SECONDS[unit]) + (end % UNIT_SECONDS[unit])).toBe(0);
          reached = end;
        }
        expect(reached).toBe(to);
        expect(segments.length).toBeLessThanOrEqual(7);
      }
    }
  });

  it('has no end where none is named', () => {
    const [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    expect(toSegments({ interval: 'hour' })).toEqual([{ unit: 'hour', from, to }]);
    const start = at('2026-01-01T00:00:00Z');
    expect(toSegments({ startDate: '2026-01-01', interval: 'day' })).toEqual([
      { unit: 'day', from: start, to },
    ]);
    expect(toSegments({ startDate: '2026-01-01', endDate: '2026-01-01T00:00:00Z', interval: 'day' })).toEqual(
      [],
    );
  });

  it.each([
    [{ startDate: '2026-01-02', endDate: '2026-01-01T00:00:00Z', interval: 'day' as const }, '/endDate'],
    [{ startDate: '2026-01-02', endDate: '2026-01-01', interval: 'day' as const }, '/endDate'],
    [
      {
        startDate: '2026-01-02T00:00:00.002Z',
        endDate: '2026-01-02T00:00:00.001Z',
        interval: 'day' as const,
      },
      '/endDate',
    ],
    [{ startDate: '2000-01-01', endDate: '2026-01-01', interval: 'minute' as const }, '/interval'],
    [{ startDate: '0001-01-01', endDate: '9999-12-31', interval: 'day' as const }, '/interval'],
  ])('refuses %j', (query, pointer) => {
    expect(() => toSegments(query)).toThrow(
      expect.objectContaining({ code: 'ERR_QUERY_INVALID', errors: [expect.objectContaining({ pointer })] }),
    );
  });
});

it('begins buckets at full intervals, also before 1970', () => {
  expect(toIntervalStart('5m', at('2026-01-01T00:09:59Z'))).toBe(at('2026-01-01T00:05:00Z'));
  expect(toIntervalStart('day', at('1969-12-31T12:00:00Z'))).toBe(at('1969-12-31T00:00:00Z'));
});
