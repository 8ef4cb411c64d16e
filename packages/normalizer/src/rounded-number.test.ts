import { expect, it } from 'vitest';
import { findRoundedNumbers, findRoundedPlaces, holdsRounded } from './rounded-number.ts';

it.each([
  ['{"a":1,"b":[0.1,-2.5e3,1.0],"c":"0.12345678901234567891"}', []],
  ['{"a":0.12345678901234567891}', [0.12345678901234568]],
  ['[9007199254740993,1.00000000000000000001,1e999,-1e-400]', [9007199254740992, 1, Infinity, -0]],
  ['12345678901234567890', [12345678901234567000]],
  ['{"9007199254740993":"\\"9007199254740993","b":1}', []],
])('finds what parsing %s makes of numbers that do not survive it', (text, rounded) => {
  JSON.parse(text);
  expect([...findRoundedNumbers(text).keys()]).toEqual(rounded.map((one) => one + 0));
});

it('keeps how they were written, unless two that are the same now were written otherwise', () => {
  expect([...findRoundedNumbers('[9007199254740993,9007199254740993]')]).toEqual([
    [9007199254740992, '9007199254740993'],
  ]);
  for (const other of ['9007199254740992', '9007199254740991.9999999999']) {
    expect([...findRoundedNumbers(`[9007199254740993,${other}]`)]).toEqual([[9007199254740992, null]]);
  }
});

it('says where they stand, as many places as asked for', () => {
  const rounded = new Map([[0.25, null]]);
  const payload = { a: [1, 0.25], 'b/c': { d: 0.25 }, e: 0.25, f: '0.25' };
  expect(findRoundedPlaces(payload, rounded, 9)).toEqual(['/a/1', '/b~1c/d', '/e']);
  expect(findRoundedPlaces(payload, rounded, 2)).toEqual(['/a/1', '/b~1c/d']);
  expect(findRoundedPlaces(0.25, rounded, 9)).toEqual(['']);
  expect([
    holdsRounded(payload, rounded),
    holdsRounded({ a: 1 }, rounded),
    holdsRounded(payload, undefined),
  ]).toEqual([true, false, false]);
});
