import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coerceNumber } from './coerce-number.ts';
import { WARNINGS } from './warnings.ts';

function read(value: Parameters<typeof coerceNumber>[0]): [number, string[]] | null {
  const found = coerceNumber(value);
  return found && [found.value, found.guesses.map(({ code }) => code)];
}

describe('coerceNumber', () => {
  it.each([
    [1200, 1200],
    ['1200', 1200],
    [' 1200.50 ', 1200.5],
    ['+5', 5],
    ['-5', -5],
    ['\u22125', -5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1.5E-3', 0.0015],
    ['0.125', 0.125],
    ['1,200.50', 1200.5],
    ['1.200,50', 1200.5],
    ['1,234,567', 1234567],
    ['1.234.567', 1234567],
    ['1,234,567.8', 1234567.8],
    ['1.234.567,8', 1234567.8],
    ['1 200,50', 1200.5],
    ['1 234 567', 1234567],
    ['1\u00a0200,50', 1200.5],
    ['1\u202f200,50', 1200.5],
    ["1'200.50", 1200.5],
    ['€ 1.200,50', 1200.5],
    ['$5', 5],
    ['-$5', -5],
    ['$-5', -5],
    ['5 €', 5],
    ['12.50 EUR', 12.5],
    ['USD 1,200.50', 1200.5],
    ['0', 0],
  ])('reads %j as %d without guessing', (value, number) => {
    expect(read(value)).toEqual([number, []]);
  });

  it.each([
    ['1,200', 1200],
    ['-1,200', -1200],
    ['1.200', 1.2],
    ['€ 1.200', 1.2],
    ['12,5', 12.5],
    ['0,500', 0.5],
    ['1200,500', 1200.5],
  ])('reads %j as %d, which is a guess', (value, number) => {
    expect(read(value)).toEqual([number, [WARNINGS.numberGuessed]]);
  });

  it('warns of digits that get lost', () => {
    expect(read('12345678901234567891')).toEqual([12345678901234567000, [WARNINGS.numberRounded]]);
    expect(read(JSON.parse('12345678901234567891'))).toEqual([
      12345678901234567000,
      [WARNINGS.numberRounded],
    ]);
    expect(read(Number.MAX_SAFE_INTEGER)).toEqual([Number.MAX_SAFE_INTEGER, []]);
  });

  it('writes a negative zero as zero', () => {
    expect(Object.is(coerceNumber('-0')?.value, 0)).toBe(true);
  });

  it.each([
    ...[
      '',
      ' ',
      'abc',
      'NaN',
      'Infinity',
      '-Infinity',
      '0x1F',
      '(5)',
      '--5',
      '5-',
      '1,2.5',
      '1.2,5.3',
      '1,20,300',
    ],
    ...[
      '1 2',
      '1 200 5',
      '12 5',
      '1,200 300',
      '€',
      '$ € 5',
      '5%',
      '5 ABC',
      '1_000',
      '1e400',
      '1.',
      '1,',
      '١٢',
    ],
    ...[null, true, [1], { a: 1 }, Number.NaN, Number.POSITIVE_INFINITY, '9'.repeat(65)],
  ])('does not read %j', (value) => {
    expect(coerceNumber(value)).toBeNull();
  });

  it('tells what it did', () => {
    expect(coerceNumber(5)).toEqual({ value: 5, guesses: [] });
    expect(coerceNumber('5')?.conversion).toBe('string to number');
    expect(coerceNumber('5 €')?.conversion).toBe('string to number, without €');
  });

  it('reads back every number that JavaScript writes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(coerceNumber(String(value))?.value).toBe(value + 0);
      }),
    );
  });

  it.each(['en-US', 'de-DE', 'fr-FR', 'de-CH', 'en-GB'])(
    'reads back amounts as they are written in %s',
    (locale) => {
      const format = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
      fc.assert(
        fc.property(fc.integer({ min: -1e11, max: 1e11 }), (cents) => {
          expect(coerceNumber(format.format(cents / 100))?.value).toBe(cents / 100 + 0);
        }),
      );
    },
  );

  it('never throws and never gives anything but a finite number', () => {
    const characters = fc.constantFrom(..."0123456789.,-+eE €$\u00a0'");
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: characters, maxLength: 12 }), fc.string()), (text) => {
        const found = coerceNumber(text);
        if (found !== null) expect(Number.isFinite(found.value)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
