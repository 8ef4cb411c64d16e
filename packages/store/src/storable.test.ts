import { expect, it } from 'vitest';
import { toStorable } from './storable.ts';

it('returns values without a key _bsontype as they are', () => {
  for (const value of [null, 1, 'x', [{ a: [1] }], { a: { b: null } }]) expect(toStorable(value)).toBe(value);
});

it('turns objects into maps down to a key _bsontype', () => {
  expect(toStorable({ a: [{ _bsontype: 'Long' }] } as unknown)).toEqual(
    new Map([['a', [new Map([['_bsontype', 'Long']])]]]),
  );
});
