import { expect, it } from 'vitest';
import { toStoredLatency } from './stored-times.ts';

const FOREVER = Number.POSITIVE_INFINITY;

it('interpolates the percentiles of what came between two readings', () => {
  const before = new Map([
    [10, 100],
    [20, 100],
    [FOREVER, 100],
  ]);
  const after = new Map([
    [10, 150],
    [20, 200],
    [FOREVER, 200],
  ]);
  expect(toStoredLatency(before, after)).toEqual({ p50Ms: 10, p99Ms: 19.8 });
});

it('tells the last bound when more than a percent took longer', () => {
  const after = new Map([
    [10, 90],
    [FOREVER, 100],
  ]);
  expect(toStoredLatency(new Map(), after)?.p99Ms).toBe(10);
});

it('has none when nothing was stored', () => {
  expect(toStoredLatency(new Map(), new Map([[FOREVER, 0]]))).toBeNull();
});
