import { expect, it } from 'vitest';
import { fillBuckets } from './fill-buckets.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();

it('puts the empty buckets between those that have events', () => {
  const { buckets, isOpen } = fillBuckets([at(3), at(0)], 'hour', Date.UTC(2026, 0, 1, 3, 30));
  expect(buckets).toEqual([0, 1, 2, 3].map(at));
  expect(isOpen).toBe(true);
});

it('knows when the last one is over, and gives up filling what nobody could see', () => {
  expect(fillBuckets([at(0)], 'hour', Date.UTC(2026, 0, 1, 1)).isOpen).toBe(false);
  expect(fillBuckets([at(0), '2027-01-01T00:00:00.000Z'], 'hour', 0).buckets).toHaveLength(2);
  expect(fillBuckets([], 'hour', 0)).toEqual({ buckets: [], isOpen: false });
});
