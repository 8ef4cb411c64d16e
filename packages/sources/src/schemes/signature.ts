import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RefusalReason, Verification } from './scheme.ts';

/** The longest signature header that is looked at, in characters. */
const MAX_HEADER_LENGTH = 8192;

/** How many signatures of one header are looked at; a header with more is malformed. */
export const MAX_SIGNATURES = 16;

/** How the bytes of a signature are written. */
export type SignatureEncoding = 'hex' | 'base64' | 'base64url';

/** Makes a refusal. */
export function refuse(reason: RefusalReason): Verification {
  return { ok: false, reason };
}

/**
 * Returns a header's value; undefined when it is absent or empty. Several values are joined, as Node joins them. What an
 * object inherits, like `constructor`, is no header.
 */
export function readHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(', ') : value;
  return typeof text !== 'string' || text === '' ? undefined : text;
}

/** Tells whether a signature header is too long to look at. */
export function isTooLong(header: string): boolean {
  return header.length > MAX_HEADER_LENGTH;
}

/**
 * Decodes bytes strictly; undefined when `text` is not the encoding of as many bytes. The case of hex digits and the
 * padding of base64 do not matter.
 */
export function decodeBytes(
  text: string,
  encoding: SignatureEncoding,
  byteCount: number,
): Buffer | undefined {
  // Longer text is not worth decoding; hex takes most.
  if (text.length > 2 * byteCount) return undefined;
  const bytes = Buffer.from(text, encoding);
  // Node skips what it cannot decode: only writing it again shows that nothing was skipped.
  const isWhole =
    encoding === 'hex'
      ? bytes.toString('hex') === text.toLowerCase()
      : withoutPadding(bytes.toString(encoding)) === withoutPadding(text);
  return isWhole && bytes.length === byteCount ? bytes : undefined;
}

/**
 * Tells whether one of the given values is what one of the secrets makes. Every secret and every value is tried in
 * constant time, so that the time tells neither which one matched nor how much of it.
 */
export function matchesAny<Secret>(
  secrets: readonly Secret[],
  given: readonly Uint8Array[],
  toExpected: (secret: Secret) => Uint8Array,
): boolean {
  let matches = false;
  for (const secret of secrets) {
    const expected = toExpected(secret);
    for (const value of given) {
      matches = (value.length === expected.length && timingSafeEqual(value, expected)) || matches;
    }
  }
  return matches;
}

function withoutPadding(text: string): string {
  return text.replace(/={1,2}$/, '');
}
