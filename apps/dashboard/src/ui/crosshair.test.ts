import { expect, it } from 'vitest';
import { findBucket, toBucketEnd } from './crosshair.ts';

const iso = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const times = [0, 30, 60].map(iso);

it('finds the bucket that a time of another chart lies in', () => {
  expect([0, 15, 30, 89].map((second) => findBucket(times, iso(second)))).toEqual([0, 0, 1, 2]);
  expect([findBucket(times, iso(90)), findBucket(times, iso(-1)), findBucket(times, null)]).toEqual([
    -1, -1, -1,
  ]);
});

it('knows when the last bucket ends', () => {
  expect([0, 2].map((index) => toBucketEnd(times, index))).toEqual([iso(30), iso(90)]);
});
