import { expect, it } from 'vitest';
import { parseCursor, parseEnd, parseRange, toCursor } from './keyset.ts';

const SCOPE = ['raw', 'default', undefined, 'shop'];

it.each([
  { at: 0, id: 'a' },
  { at: -5, id: '' },
  { at: null, id: 'evt_1' },
])('reads the cursor of $at $id back', (place) => {
  expect(parseCursor(toCursor(place, SCOPE), SCOPE)).toEqual(place);
});

it.each([
  ['another list', ['normalized', 'default', undefined, 'shop']],
  ['another tenant', ['raw', 'other', undefined, 'shop']],
  ['another filter', ['raw', 'default', undefined, 'erp']],
  ['the same value of another filter', ['raw', 'default', 'shop', undefined]],
  ['no filter', ['raw', 'default', undefined, undefined]],
])('refuses a cursor of %s', (_, scope) => {
  expect(() => parseCursor(toCursor({ at: 1, id: 'a' }, scope), SCOPE)).toThrow(
    expect.objectContaining({ code: 'ERR_QUERY_INVALID' }),
  );
});

it('refuses a cursor that was tampered with', () => {
  const [, , seal] = JSON.parse(
    Buffer.from(toCursor({ at: 5, id: 'a' }, SCOPE), 'base64url').toString(),
  ) as unknown[];
  for (const parts of [
    [6, 'a', seal],
    [5, 'b', seal],
    [null, 'a', seal],
    [5, 'a'],
    [5, 'a', seal, 1],
  ]) {
    const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
    expect(() => parseCursor(cursor, SCOPE)).toThrow();
  }
});

it.each(['[1.5,"a"]', '[1e300,"a"]', '["1","a"]', '[1]', '[1,"a",2]', '{}', 'x'])('refuses %s', (json) => {
  expect(() => parseCursor(Buffer.from(json).toString('base64url'), SCOPE)).toThrow();
});

it('includes the whole day of a bare date', () => {
  expect(parseRange({ from: '2026-01-01', to: '2026-01-01' })).toEqual({
    $gte: new Date('2026-01-01T00:00:00Z'),
    $lt: new Date('2026-01-02T00:00:00Z'),
  });
  expect(parseRange({ to: '2026-01-01T12:00:00Z' })).toEqual({ $lt: new Date('2026-01-01T12:00:00Z') });
  expect(parseEnd('endDate', '2026-02-28')).toEqual(new Date('2026-03-01T00:00:00Z'));
  expect(parseRange({})).toBeUndefined();
});

it('refuses what is not a time', () => {
  expect(() => parseRange({ from: 'yesterday' })).toThrow();
});
