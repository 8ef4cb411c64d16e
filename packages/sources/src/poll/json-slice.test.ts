import { parsePath } from '@sluice/normalizer/payload-path';
import { expect, test } from 'vitest';
import { sliceAt, sliceItems, sliceMember } from './json-slice.ts';

const text = ` { "a\\"b" : [ ] , "data" : { "items" : [ {"id": 9007199254740993, "s":"]}\\\\\\"," } ,\n 1.0 , "x,]" ,[1,[2]], null ] } , "u\\u0064": true, "dup":1, "dup": 2 } `;

function find(path: string) {
  const parsed = parsePath(path);
  return parsed === null ? undefined : sliceAt(text, parsed);
}

test.each([
  ['data.items.0.id', '9007199254740993'],
  ['data.items.0.s', '"]}\\\\\\","'],
  ['data.items.1', '1.0'],
  ['data.items.3.1.0', '2'],
  ['data.items.4', 'null'],
  ['data.items.5', undefined],
  ['data.items.x', undefined],
  ['ud', 'true'],
  ['dup', '2'],
  ['ud.x', undefined],
])('finds the text at %s', (path, slice) => {
  expect(find(path)).toBe(slice);
});

test('finds the text of a member by its name, whatever that holds', () => {
  expect(sliceMember(text, 'a"b')).toBe('[ ]');
  expect(sliceMember('{"x.y":1.0}', 'x.y')).toBe('1.0');
  expect([sliceMember(text, 'data.items'), sliceMember('[1]', '0')]).toEqual([undefined, undefined]);
});

test('gives the items of an array as they were written', () => {
  const items = sliceItems(find('data.items') ?? '');
  expect(items).toHaveLength(5);
  expect(items.map((item) => JSON.parse(item))).toEqual(JSON.parse(text).data.items);
  expect(items[1]).toBe('1.0');
  expect(sliceItems(' [ ] ')).toEqual([]);
});

test('does not run out of stack on deep nesting', () => {
  const deep = `[${'['.repeat(100_000)}${']'.repeat(100_000)}]`;
  expect(sliceItems(deep)).toHaveLength(1);
});
