import { expect, it } from 'vitest';
import { formatDuration, formatMoment, formatTime } from './time.tsx';

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [61_000, '1 min 1 s'],
  [130_000, '2 min 10 s'],
  [3_600_000, '1 h'],
  [90_000_000, '1 d 1 h'],
])('writes %i ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it('writes a time in UTC with its Z, with and without its date', () => {
  const date = new Date('2026-11-21T03:11:58.204Z');
  expect(formatTime(date, 'utc', false)).toBe('03:11:58Z');
  expect(formatTime(date, 'utc', true)).toBe('2026-11-21 03:11:58Z');
  expect(formatMoment(date, 'utc')).toBe('03:11:58.204Z');
});
