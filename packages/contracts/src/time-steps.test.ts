import { expect, it } from 'vitest';
import { toStepSeconds } from './time-steps.ts';

const HOUR = 3_600_000;
const END = Date.UTC(2026, 0, 2);

it.each([
  [0.25, 15],
  [1, 30],
  [6, 180],
  [24, 900],
  [168, 7200],
  [720, 21_600],
])('cuts %d hours into at most 120 steps', (hours, step) => {
  expect(toStepSeconds(END - hours * HOUR, END)).toBe(step);
});

it('counts what is touched at both ends, and keeps to the least step', () => {
  expect(toStepSeconds(END - HOUR - 1, END)).toBe(60);
  expect(toStepSeconds(END - HOUR, END, 180)).toBe(180);
  expect(toStepSeconds(END - 720 * HOUR - 1, END)).toBe(43_200);
  expect(toStepSeconds(0, END)).toBe(43_200);
});
