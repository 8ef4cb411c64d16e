import { describe, expect, it } from 'vitest';
import { coerceBoolean } from './coerce-boolean.ts';
import { WARNINGS } from './warnings.ts';

describe('coerceBoolean', () => {
  it.each([
    [
      true,
      [
        'true',
        'TRUE',
        ' Yes ',
        'on',
        '1',
        'ja',
        'wahr',
        'Oui',
        'vrai',
        'sí',
        'si',
        'sì',
        'vero',
        'Verdadero',
      ],
    ],
    [false, ['false', 'False', 'no', 'OFF', '0', 'nein', 'falsch', 'non', 'faux', 'Falso']],
  ])('reads the words for %s without guessing', (value, words) => {
    for (const word of words) {
      expect(coerceBoolean(word)).toEqual({ value, conversion: 'string to boolean', guesses: [] });
    }
  });

  it.each([
    [true, ['y', 'Y', 't', 'j']],
    [false, ['n', 'f', 'F']],
  ])('reads the letters for %s, which is a guess', (value, letters) => {
    for (const letter of letters) {
      expect(coerceBoolean(letter)).toMatchObject({ value, guesses: [{ code: WARNINGS.booleanGuessed }] });
    }
  });

  it('keeps a boolean and reads 0 and 1', () => {
    expect(coerceBoolean(true)).toEqual({ value: true, guesses: [] });
    expect(coerceBoolean(false)).toEqual({ value: false, guesses: [] });
    expect(coerceBoolean(1)).toEqual({ value: true, conversion: 'number to boolean', guesses: [] });
    expect(coerceBoolean(-0)).toMatchObject({ value: false });
  });

  it.each([
    ['maybe'],
    ['x'],
    ['2'],
    [2],
    [-1],
    [0.5],
    [Number.NaN],
    [''],
    [' '],
    ['constructor'],
    ['yes '.repeat(9)],
    [null],
    [[true]],
    [{}],
  ])('does not read %j', (value) => {
    expect(coerceBoolean(value)).toBeNull();
  });
});
