import { expect, it } from 'vitest';
import { assertTextCharset } from './text-charset.ts';

it.each([
  'text/plain',
  'text/plain; charset=utf-8',
  'text/plain;charset="UTF-8"',
  'text/xml; charset=us-ascii',
  'text/plain; charset=utf8; format=flowed',
  'image/png',
])('understands %s', (contentType) => {
  expect(() => assertTextCharset(contentType)).not.toThrow();
});

it.each([
  'text/plain; charset=iso-8859-1',
  'text/plain; format=flowed; charset="utf-16le"',
  'application/xml;charset=windows-1252',
])('refuses %s', (contentType) => {
  expect(() => assertTextCharset(contentType)).toThrow(expect.objectContaining({ code: 'ERR_MEDIA_TYPE' }));
});
