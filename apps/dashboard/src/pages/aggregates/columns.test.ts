import { expect, it } from 'vitest';
import { toColumns } from './columns.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();

it('puts the empty columns between those that have events', () => {
  const { times, length, isOpen, toTime } = toColumns(
    [at(3), at(0)],
    'hour',
    Date.UTC(2026, 0, 1, 3, 30),
    200,
  );
  expect(times).toEqual([0, 1, 2, 3].map(at));
  expect([length, isOpen, toTime(at(3))]).toEqual(['hour', true, at(3)]);
});

it('knows when the last one is over', () => {
  expect(toColumns([at(0)], 'hour', Date.UTC(2026, 0, 1, 1), 200).isOpen).toBe(false);
  expect(toColumns([], 'hour', 0, 200)).toMatchObject({ times: [], isOpen: false });
});

it('makes them longer, never uneven and never more than can be told apart, of whatever time', () => {
  const spans = [
    [at(0), at(40), 50, 'hour', 41],
    [at(5), at(400), 50, '12 hours', 34],
    [at(5), '2026-11-20T07:00:00.000Z', 60, '7 days', 47],
    ['2024-01-01T00:00:00.000Z', '2026-11-20T07:00:00.000Z', 200, '7 days', 151],
    ['1970-01-01T00:00:00.000Z', '2026-11-20T07:00:00.000Z', 200, '104 days', 200],
    ['1969-12-31T05:00:00.000Z', '1970-01-01T05:00:00.000Z', 10, '3 hours', 9],
  ] as const;
  for (const [first, last, most, length, count] of spans) {
    const columns = toColumns([last, first], 'hour', 0, most);
    expect([columns.length, columns.times.length], `${first} to ${last}`).toEqual([length, count]);
    const steps = columns.times.slice(1).map((time, index) => {
      return Date.parse(time) - Date.parse(columns.times[index] ?? '');
    });
    expect(new Set(steps).size).toBeLessThan(2);
    expect([columns.toTime(first), columns.toTime(last)]).toEqual([columns.times[0], columns.times.at(-1)]);
  }
});
