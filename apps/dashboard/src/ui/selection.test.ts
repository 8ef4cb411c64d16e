import { expect, it } from 'vitest';
import { toRange } from './selection.ts';

const items = ['a', 'b', 'c', 'd'].map((id) => ({ id }));

it.each([
  ['a', 'c', 'abc'],
  ['d', 'b', 'bcd'],
  ['b', 'b', 'b'],
  ['gone', 'c', 'c'],
])('takes all rows from %s to %s', (from, to, expected) => {
  expect(toRange(items, from, to).join('')).toBe(expected);
});
