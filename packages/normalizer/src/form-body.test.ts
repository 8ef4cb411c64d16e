import { ProblemException } from '@sluice/contracts/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFormContentType, parseFormBody } from './form-body.ts';

const FORM = 'application/x-www-form-urlencoded';

const parse = (body: string | Buffer, contentType = FORM) => parseFormBody(Buffer.from(body), contentType);

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemException) return error.code;
    throw error;
  }
  return 'none';
}

test.each([
  ['a=1&b=2', { a: '1', b: '2' }],
  ['a=1&a=&a=3', { a: ['1', '', '3'] }],
  ['a[b]=1&a[b]=2&a%5Bc%5D=3', { 'a[b]': ['1', '2'], 'a[c]': '3' }],
  ['a', { a: '' }],
  ['=x', { '': 'x' }],
  ['a=b=c', { a: 'b=c' }],
  ['&&a=1&&', { a: '1' }],
  ['', {}],
  ['name=Zo%C3%AB+M%C3%BCller&sum=100%&x=%zz%4', { name: 'Zoë Müller', sum: '100%', x: '%zz%4' }],
  ['name=Zoë', { name: 'Zoë' }],
  ['+a+=%20b%2B', { ' a ': ' b+' }],
  ['constructor=1&toString=2&hasOwnProperty=3', { constructor: '1', toString: '2', hasOwnProperty: '3' }],
  ['payload=%7B%22a%22%3A1%7D', { payload: '{"a":1}' }],
])('reads %s', (body, expected) => {
  expect(parse(body)).toEqual(expected);
});

test('reads any form as a browser writes it', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((value) => value.isWellFormed());
  const safe = text.filter((name) => !/^\$|\0|^__proto__$/.test(name));
  fc.assert(
    fc.property(fc.array(fc.tuple(safe, text), { maxLength: 20 }), (fields) => {
      const form = parse(new URLSearchParams(fields).toString());
      const expected: Record<string, string[]> = {};
      for (const [name, value] of fields) {
        if (!Object.hasOwn(expected, name)) expected[name] = [];
        expected[name]?.push(value);
      }
      expect(Object.keys(form).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, values] of Object.entries(expected)) {
        expect(form[name]).toEqual(values.length === 1 ? values[0] : values);
      }
    }),
  );
});

test.each(['$where=1', '%24where=1', 'a%00b=1', '__proto__=1', '__proto__%5B%5D=&__proto__=', '__proto__'])(
  'refuses an unsafe name: %s',
  (body) => {
    expect(codeOf(() => parse(body))).toBe('ERR_UNSAFE_KEY');
  },
);

test.each([['a=%FF'], ['%C0%A0=1'], [Buffer.from([0x61, 0x3d, 0xff])], ['a=%ED%A0%80']])(
  'refuses what is not UTF-8: %s',
  (body) => {
    expect(codeOf(() => parse(body))).toBe('ERR_UNICODE_INVALID');
  },
);

test.each([
  [FORM, 'none'],
  [`${FORM}; charset=UTF-8`, 'none'],
  [`${FORM};charset="utf-8"`, 'none'],
  [`${FORM}; charset=iso-8859-1`, 'ERR_MEDIA_TYPE'],
])('reads UTF-8 only: %s', (contentType, code) => {
  expect(codeOf(() => parse('a=1', contentType))).toBe(code);
});

test('takes 1000 fields and no more', () => {
  const fields = Array.from({ length: 1000 }, (_, at) => `f${at}=1`);
  expect(Object.keys(parse(fields.join('&')))).toHaveLength(1000);
  expect(codeOf(() => parse([...fields, 'a'].join('&')))).toBe('ERR_BODY_INVALID');
  expect(codeOf(() => parse(`${'a=1&'.repeat(1001)}`))).toBe('ERR_BODY_INVALID');
  expect(parse(`${'&'.repeat(5000)}a=1`)).toEqual({ a: '1' });
});

test.each([
  [FORM, true],
  ['Application/X-WWW-Form-URLencoded ; charset=utf-8', true],
  ['application/x-www-form-urlencoded2', false],
  ['multipart/form-data', false],
  ['', false],
])('knows the media type of a form: %s', (contentType, isForm) => {
  expect(isFormContentType(contentType)).toBe(isForm);
});
