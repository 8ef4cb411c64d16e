import { expect, it } from 'vitest';
import { findKey, isKey, mapKey, parseKeyMap } from './key-map.ts';

it('knows each key by itself until a person maps it otherwise', () => {
  expect(findKey({}, 'r')).toBe('r');
  const map = mapKey({}, 'r', 'e');
  expect(map).toEqual({ r: 'e' });
  expect(findKey(map ?? {}, 'e')).toBe('r');
  expect(findKey(map ?? {}, 'r')).toBeUndefined();
});

it('gives no key two meanings', () => {
  expect(mapKey({}, 'r', 'p')).toBeNull();
  expect(mapKey({ p: 'w' }, 'r', 'p')).toEqual({ p: 'w', r: 'p' });
});

it('forgets a key that is mapped to itself', () => {
  expect(mapKey({ r: 'e', p: 'w' }, 'r', 'r')).toEqual({ p: 'w' });
});

it.each([['nonsense'], ['[]'], ['null'], ['{"r":"ab"}'], ['{"r":" "}'], ['{"no":"a"}'], [null]])(
  'reads %j as no map',
  (text) => {
    expect(parseKeyMap(text)).toEqual({});
  },
);

it('takes one visible character as a key', () => {
  expect(['a', 'Ж', ';', '1'].every(isKey)).toBe(true);
  expect(['', ' ', 'ab', '\t', '\u200b'].some(isKey)).toBe(false);
});
