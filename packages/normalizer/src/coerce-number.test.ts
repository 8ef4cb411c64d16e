import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coerceNumber, toNumberGuesses } from './coerce-number.ts';
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
    ['$.50', 0.5],
    ['1,20,300', 120300],
    ['₹ 12,34,567.50', 1234567.5],
    ['000,123.45', 123.45],
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
    [',5', 0.5],
    ['€ ,50', 0.5],
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
      '1,2,300',
      '0,12,345',
      '0,123,456',
      '0.123,45',
      '1.20.300',
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

  it.each(['en-US', 'de-DE', 'fr-FR', 'de-CH', 'en-GB', 'en-IN'])(
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

describe('coerceNumber of a declared number', () => {
  it.each([
    ['(12.50)', -12.5, 'string to number, parentheses as minus'],
    ['( 1,234.56 )', -1234.56, 'string to number, parentheses as minus'],
    ['(€ 12.50)', -12.5, 'string to number, without €, parentheses as minus'],
    ['€ (12.50)', -12.5, 'string to number, without €, parentheses as minus'],
    ['(12.50) EUR', -12.5, 'string to number, without EUR, parentheses as minus'],
    ['12.50-', -12.5, 'string to number, trailing minus'],
    ['1.234,56-', -1234.56, 'string to number, trailing minus'],
    ['12.50- EUR', -12.5, 'string to number, without EUR, trailing minus'],
    ['12.50 EUR-', -12.5, 'string to number, without EUR, trailing minus'],
    ['12.-', 12, 'string to number'],
    ['12.--', 12, 'string to number'],
    ['CHF 5.\u2013', 5, 'string to number, without CHF'],
    ['US$ 5', 5, 'string to number, without US$'],
    ['R$5', 5, 'string to number, without R$'],
    ['12.50 zł', 12.5, 'string to number, without zł'],
    ['100 kr.', 100, 'string to number, without kr.'],
    ['1 234,56', 1234.56, 'string to number'],
    ["1'234.56", 1234.56, 'string to number'],
  ])('reads %j as %d: %s', (text, value, conversion) => {
    expect(coerceNumber(text, {})).toMatchObject({ value, conversion, guesses: [] });
  });

  it.each([
    ['.', '1,200', 1200],
    ['.', '1.200', 1.2],
    ['.', '1,234,567.891', 1234567.891],
    ['.', "1'234'567.891", 1234567.891],
    ['.', '.5', 0.5],
    ['.', '1.5e3', 1500],
    ['.', '-1,200', -1200],
    ['.', '12,34,567.5', 1234567.5],
    ['.', '000,123.45', 123.45],
    [',', '1.200', 1200],
    [',', '1,200', 1.2],
    [',', '12,5', 12.5],
    [',', '1.234.567,891', 1234567.891],
    [',', '1 234 567,891', 1234567.891],
    [',', '1,5e3', 1500],
    [',', '(1.200)', -1200],
    [',', '€ 1.200', 1200],
    [',', '12,-', 12],
    [',', '1.234,--', 1234],
  ] as const)('with the decimal sign %j reads %j as %d without guessing', (decimal, text, value) => {
    expect(coerceNumber(text, { decimal })).toMatchObject({ value, guesses: [] });
  });

  it.each([
    ...(
      ['1.200,50', '12,5', '1,20', '1,2345', '1,234 567', '0,123', '-0,123', '0,12,345', '1.', ','] as const
    ).map((text) => ['.', text] as const),
    ...(['1,200.50', '12.5', '1.2345', '1200.50', '1.5e3', '0.123', '1.20.300', ','] as const).map(
      (text) => [',', text] as const,
    ),
  ])('with the decimal sign %j does not read %j', (decimal, text) => {
    expect(coerceNumber(text, { decimal })).toBeNull();
  });

  it.each([
    ...[
      '5%',
      '-(5)',
      '(-5)',
      '(5',
      '5)',
      '((5))',
      '()',
      '-5-',
      '--5',
      '+(5)',
      '$5€',
      '(5)-',
      '-',
      '5 - 3',
      '-.-',
    ],
    ...[null, true, [1], {}, Number.NaN],
  ])('does not read %j', (value) => {
    expect(coerceNumber(value, {})).toBeNull();
  });

  it('tells which currency it left out', () => {
    expect(coerceNumber('USD 12.50', {})?.currency).toBe('USD');
    expect(toNumberGuesses({ value: 1, currency: '€', guesses: [] })).toMatchObject([
      { code: WARNINGS.currencyDropped, detail: 'the currency € is not kept' },
    ]);
    expect(coerceNumber('12.50', {})).not.toHaveProperty('currency');
  });

  it('reads back what accountants write of any amount, in either notation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e11 }), fc.constantFrom('en-US', 'de-DE'), (cents, locale) => {
        const decimal = locale === 'en-US' ? '.' : ',';
        const options = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
        const text = new Intl.NumberFormat(locale, options).format(cents / 100);
        for (const written of [`(${text})`, `${text}-`, `-${text}`, `(€ ${text})`]) {
          expect(coerceNumber(written, { decimal })).toMatchObject({ value: 0 - cents / 100, guesses: [] });
        }
      }),
    );
  });

  it('never throws and never gives anything but a finite number', () => {
    const characters = fc.constantFrom(...'0123456789.,-+()eE €$%');
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: characters, maxLength: 12 }), fc.string()),
        fc.constantFrom({}, { decimal: '.' as const }, { decimal: ',' as const }),
        (text, declared) => {
          const found = coerceNumber(text, declared);
          if (found !== null) expect(Number.isFinite(found.value)).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
