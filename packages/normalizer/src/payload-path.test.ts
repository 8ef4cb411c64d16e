import type { JsonValue } from '@sluice/contracts/json';
import { expect, it } from 'vitest';
import { findValue, parsePath } from './payload-path.ts';

const payload = JSON.parse(
  '{"a":{"b":[{"c":1},[2,3]],"0":4},"x.y":{"back\\\\slash":5},"s":"text","__proto__":{"p":6},"~/":7,"n":null}',
) as JsonValue;

function find(path: string) {
  const parsed = parsePath(path);
  return parsed && findValue(payload, parsed);
}

it.each([
  ['a.b.0.c', 1, '/a/b/0/c'],
  ['a.b.1.1', 3, '/a/b/1/1'],
  ['a.0', 4, '/a/0'],
  ['x\\.y.back\\\\slash', 5, '/x.y/back\\slash'],
  ['__proto__.p', 6, '/__proto__/p'],
  ['~/', 7, '/~0~1'],
  ['s', 'text', '/s'],
  ['n', null, '/n'],
])('finds %j', (path, value, pointer) => {
  expect(find(path)).toBe(value);
  expect(parsePath(path)?.pointer).toBe(pointer);
});

it.each([
  'a.c',
  'a.b.2',
  'a.b.01',
  'a.b.-1',
  'a.b.length',
  'a.constructor',
  'toString',
  's.0',
  's.length',
  'n.x',
])('finds nothing at %j', (path) => {
  expect(find(path)).toBeUndefined();
});

it.each(['', '.', 'a.', '.a', 'a..b', 'a\\', 'a\\b'])('does not parse %j', (path) => {
  expect(parsePath(path)).toBeNull();
});
