import { ProblemException } from '@sluice/contracts/errors';
import type { JsonObject } from '@sluice/contracts/json';
import { toPointer } from './json-pointer.ts';
import { decodePercent } from './percent-encoding.ts';
import { decodeUtf8 } from './safe-json.ts';
import { readCharset } from './text-charset.ts';

/** How many fields a form may have. */
const MAX_FORM_FIELDS = 1000;

const FORM = /^application\/x-www-form-urlencoded *(?:;|$)/i;

/** Tells whether a media type is that of an HTML form (application/x-www-form-urlencoded). */
export function isFormContentType(contentType: string): boolean {
  return FORM.test(contentType.trim());
}

/**
 * Parses an HTML form (https://url.spec.whatwg.org/#urlencoded-parsing) as an object of strings. A name that is
 * repeated becomes an array; brackets in names mean nothing. Unlike a browser it refuses what it would have to guess:
 * bytes that are not UTF-8, and another charset. Names that would be unsafe keys of JSON are refused too.
 *
 * @throws ProblemException ERR_MEDIA_TYPE for another charset, ERR_UNICODE_INVALID, ERR_UNSAFE_KEY, ERR_BODY_INVALID
 * for more than 1000 fields
 */
export function parseFormBody(body: Uint8Array, contentType: string): JsonObject {
  if (!/^(?:utf-?8)?$/i.test(readCharset(contentType))) {
    throw new ProblemException('ERR_MEDIA_TYPE', 'A form must be in UTF-8.');
  }
  const fields = decodeUtf8(body)
    .split('&')
    .filter((field) => field !== '');
  if (fields.length > MAX_FORM_FIELDS) {
    throw new ProblemException('ERR_BODY_INVALID', `A form may have at most ${MAX_FORM_FIELDS} fields.`);
  }
  const form: JsonObject = {};
  for (const field of fields) {
    const equals = field.indexOf('=');
    const name = decodeText(equals < 0 ? field : field.slice(0, equals));
    assertSafe(name);
    addValue(form, name, equals < 0 ? '' : decodeText(field.slice(equals + 1)));
  }
  return form;
}

function addValue(form: JsonObject, name: string, value: string): void {
  const present = Object.hasOwn(form, name) ? form[name] : undefined;
  if (present === undefined) form[name] = value;
  else if (Array.isArray(present)) present.push(value);
  else form[name] = [present, value];
}

function decodeText(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  return spaced.includes('%') ? decodePercent(Buffer.from(spaced).toString('latin1')) : spaced;
}

function assertSafe(name: string): void {
  if (!name.startsWith('$') && !name.includes('\0') && name !== '__proto__') return;
  const detail = name.startsWith('$') ? 'the key begins with `$`' : 'the key holds NUL or is `__proto__`';
  throw new ProblemException('ERR_UNSAFE_KEY', undefined, {
    errors: [{ pointer: toPointer([name]), detail }],
  });
}
