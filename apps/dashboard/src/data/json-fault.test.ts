import { expect, it } from 'vitest';
import { findJsonFault } from './json-fault.ts';

it.each([
  ['{"a":1}', null],
  ['{"metric": }', [1, 12]],
  ['{\n  "a": 1,\n  b: 2\n}', [3, 3]],
  ['{"a":1', [1, 7]],
  ['', [1, 1]],
  [`{"a":"${'x'.repeat(500)}",\n "b": nope}`, [2, 8]],
])('finds where %j stops being JSON', (text, place) => {
  const fault = findJsonFault(text);
  expect(fault === null ? null : [fault.line, fault.column]).toEqual(place);
});

it('says what is wrong without quoting the text', () => {
  expect(findJsonFault('{"secret": }')?.message).not.toContain('secret');
});
