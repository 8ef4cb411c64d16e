import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isExactNumber } from './exact-number.ts';

it.each([
  '0',
  '-0',
  '0.0',
  '1.0',
  '1e2',
  '1E+2',
  '0.1',
  '100000000000000000000',
  '1.5e300',
  '9007199254740992',
  '1.7976931348623157e308',
  '5e-324',
  '0e999999999999',
  '0.10000000000000000000',
])('keeps %s', (token) => {
  expect(isExactNumber(token)).toBe(true);
});

it.each([
  '12345678901234567890',
  '9007199254740993',
  '1e400',
  '-1e400',
  '1e-400',
  '0.1234567890123456789',
  '1.00000000000000000001',
  '123456789012345678e-5',
])('loses digits of %s', (token) => {
  expect(isExactNumber(token)).toBe(false);
});

it('keeps every number that JavaScript itself writes', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
      isExactNumber(JSON.stringify(value)),
    ),
  );
});

it('keeps every number of at most 15 significant digits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), fc.nat(14), (digits, scale) =>
      isExactNumber(`${digits}e-${scale}`),
    ),
  );
});

it('keeps a whole number exactly if JavaScript writes it with the same digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), (value) => {
      expect(isExactNumber(String(value))).toBe(String(Number(value)) === String(value));
    }),
  );
});

it('needs linear time for a megabyte of zeros', () => {
  const start = performance.now();
  expect(isExactNumber(`1${'0'.repeat(500_000)}1${'0'.repeat(500_000)}`)).toBe(false);
  expect(isExactNumber(`0.${'0'.repeat(500_000)}1${'0'.repeat(500_000)}`)).toBe(false);
  expect(performance.now() - start).toBeLessThan(1000);
});
