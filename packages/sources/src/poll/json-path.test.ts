import { expect, test } from 'vitest';
import { readPath } from './json-path.ts';

const value = { data: { items: [{ id: 7 }, { id: null }] }, '': 'empty key' };

test.each([
  ['', value],
  ['data.items.0.id', 7],
  ['data.items.1.id', null],
  ['data.items.2.id', undefined],
  ['data.items.length', undefined],
  ['data.items.-1', undefined],
  ['data.items.0.id.x', undefined],
  ['__proto__', undefined],
  ['constructor.name', undefined],
  ['nothing', undefined],
])('reads %j', (path, found) => {
  expect(readPath(value, path)).toEqual(found);
});
