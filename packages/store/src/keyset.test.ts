import { expect, it } from 'vitest';
import { parseCursor, parseRange, toCursor } from './keyset.ts';

it.each([
  { at: 0, id: 'a' },
  { at: -5, id: '' },
  { at: null, id: 'evt_1' },
])('reads the cursor of $at $id back', (place) => {
  expect(parseCursor(toCursor(place))).toEqual(place);
});

it.each(['[1.5,"a"]', '[1e300,"a"]', '["1","a"]', '[1]', '[1,"a",2]', '{}', 'x'])('refuses %s', (json) => {
  expect(() => parseCursor(Buffer.from(json).toString('base64url'))).toThrow();
});

it('includes the whole day of a bare date', () => {
  expect(parseRange({ from: '2026-01-01', to: '2026-01-01' })).toEqual({
    $gte: new Date('2026-01-01T00:00:00Z'),
    $lt: new Date('2026-01-02T00:00:00Z'),
  });
  expect(parseRange({ to: '2026-01-01T12:00:00Z' })).toEqual({ $lt: new Date('2026-01-01T12:00:00Z') });
  expect(parseRange({})).toBeUndefined();
});

it('refuses what is not a time', () => {
  expect(() => parseRange({ from: 'yesterday' })).toThrow();
});
