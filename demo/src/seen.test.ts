import { expect, test } from 'vitest';
import { countRepeats, toLatency } from './seen.ts';
import type { Answer } from './send.ts';

test('counts the answers that say duplicate', () => {
  expect(countRepeats([toAnswer('a'), toAnswer('b'), toAnswer('a', true), toAnswer('c', true)])).toBe(2);
  expect(countRepeats([toAnswer('a'), toAnswer('a')])).toBe(0);
});

test('counts the answers that name the same event where a request had to be sent again', () => {
  expect(countRepeats([toAnswer('a', true, 2), toAnswer('b')])).toBe(0);
  expect(countRepeats([toAnswer('a', true), toAnswer('a', true, 2)])).toBe(1);
  expect(countRepeats([toAnswer('a'), toAnswer('a'), toAnswer('b', false, 3)])).toBe(1);
});

test('takes percentiles by nearest rank', () => {
  const delaysMs = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(toLatency(delaysMs)).toEqual({ p50Ms: 100, p99Ms: 198 });
  expect(toLatency([7])).toEqual({ p50Ms: 7, p99Ms: 7 });
  expect(toLatency([])).toBeNull();
});

function toAnswer(id: string, duplicate = false, tries = 1): Answer {
  return { kind: 'accepted', id, duplicate, tries };
}
