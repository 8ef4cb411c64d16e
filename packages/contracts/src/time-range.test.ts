import { expect, it } from 'vitest';
import { isInOrder } from './time-range.ts';

it.each([
  ['2026-01-01', '2026-01-02', true],
  ['2026-01-01', '2026-01-01', true],
  ['2026-01-02', '2026-01-01', false],
  ['2026-01-01T23:59:59.999Z', '2026-01-01', true],
  ['2026-01-02T00:00:00Z', '2026-01-01', false],
  ['2026-01-02T00:00:00Z', '2026-01-02T00:00:00Z', true],
  ['2026-01-02T00:00:00.001Z', '2026-01-02T00:00:00Z', false],
  ['2026-01-02T00:30:00+02:00', '2026-01-01T23:00:00Z', true],
  ['2026-01-02', '2026-01-01T00:00:00Z', false],
])('knows whether a range from %s to %s is in order', (from, to, isGood) => {
  expect(isInOrder({ from, to })).toBe(isGood);
});

it('takes a range that is open for one in order', () => {
  expect([isInOrder({}), isInOrder({ from: '2026-01-01' }), isInOrder({ to: '2026-01-01' })]).toEqual([
    true,
    true,
    true,
  ]);
});
