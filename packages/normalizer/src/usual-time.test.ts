import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coerceTime } from './coerce-time.ts';
import { isUsualTime } from './usual-time.ts';

const LAST_MS = Date.UTC(2199, 11, 31, 23, 59, 59, 999);
const usual = fc.integer({ min: 0, max: LAST_MS }).map((ms) => new Date(ms).toISOString());

test('knows the usual form of every time', () => {
  fc.assert(
    fc.property(usual, fc.boolean(), (iso, hasMs) => {
      const text = hasMs ? iso : `${iso.slice(0, 19)}Z`;
      expect(isUsualTime(text)).toBe(true);
      const whole = hasMs ? iso : `${iso.slice(0, 19)}.000Z`;
      expect(coerceTime(text)).toMatchObject({ value: whole, precise: whole, guesses: [] });
    }),
  );
});

test('reads what it takes for usual as the slower way does', () => {
  fc.assert(
    fc.property(usual, fc.nat(23), fc.constantFrom(...'0123456789TZ:-. +/'), (iso, at, char) => {
      const text = iso.slice(0, at) + char + iso.slice(at + 1);
      // With a blank before it no text is usual, and the blank does not count.
      const [quick, slow] = [coerceTime(text), coerceTime(` ${text}`)];
      expect([quick?.value, quick?.precise, quick?.guesses]).toEqual([
        slow?.value,
        slow?.precise,
        slow?.guesses,
      ]);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  '2026-02-29T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2016-12-31T23:59:60Z',
  '1969-12-31T23:59:59Z',
  '2200-01-01T00:00:00Z',
  '2026-01-01t00:00:00z',
  '2026-01-01T00:00:00.5Z',
])('leaves %s to the slower way', (text) => {
  expect(isUsualTime(text)).toBe(false);
});
