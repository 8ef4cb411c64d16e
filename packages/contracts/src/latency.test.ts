import { expect, it } from 'vitest';
import { addLatencies, readLatency, toLatencyClass } from './latency.ts';

it.each([
  [-5, 0],
  [0, 0],
  [1, 0],
  [1.5, 1],
  [2, 1],
  [8, 3],
  [9, 4],
  [86_400_000, 22],
])('puts %d ms into class %d', (ms, name) => {
  expect(toLatencyClass(ms)).toBe(name);
});

it('reads percentiles that lie between the bounds of their class', () => {
  const counts = { '3': 90, '10': 10 };
  expect(readLatency(counts, 0.5)).toBeGreaterThan(4);
  expect(readLatency(counts, 0.5)).toBeLessThanOrEqual(8);
  expect(readLatency(counts, 0.9)).toBe(8);
  expect(readLatency(counts, 0.99)).toBeGreaterThan(512);
  expect(readLatency(counts, 1)).toBe(1024);
  expect(readLatency({}, 0.5)).toBeNull();
});

it('adds counts up before percentiles are read', () => {
  expect(addLatencies([{ '1': 2 }, {}, { '1': 1, '4': 5 }])).toEqual({ '1': 3, '4': 5 });
});
