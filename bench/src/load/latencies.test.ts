import { expect, it } from 'vitest';
import { createLatencies } from './latencies.ts';

it('tells the percentiles to a hundredth of a millisecond', () => {
  const latencies = createLatencies();
  for (let n = 1; n <= 1000; n += 1) latencies.add(n / 10);
  expect(latencies.read()).toEqual({ p50Ms: 50, p99Ms: 99 });
});

it('counts what takes longer than its last step there', () => {
  const latencies = createLatencies();
  latencies.add(60_000);
  expect(latencies.read()).toEqual({ p50Ms: 10_000, p99Ms: 10_000 });
});

it('has no percentiles of nothing', () => {
  expect(createLatencies().read()).toBeNull();
});
