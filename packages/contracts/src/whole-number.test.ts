import { expect, it } from 'vitest';
import { wholeNumber } from './whole-number.ts';

const schema = wholeNumber(0, 500);

it.each([
  ['0', 0],
  ['007', 7],
  ['500', 500],
])('reads %j', (text, value) => {
  expect(schema.parse(text)).toBe(value);
});

it.each([
  '',
  ' 1',
  '1 ',
  '0x10',
  '1e2',
  '1.0',
  '-1',
  '+1',
  '501',
  '٣',
  '9'.repeat(40),
  null,
  ['1'],
  undefined,
])('refuses %j', (given) => {
  expect(schema.safeParse(given).success).toBe(false);
});
