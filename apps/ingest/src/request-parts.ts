import { ProblemException } from '@sluice/contracts/errors';
import { MAX_SCHEMA_VERSION } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import { IDEMPOTENCY_KEY_PATTERN } from '@sluice/contracts/submission';
import { decodeUtf8, parseSafeJson } from '@sluice/normalizer/safe-json';

/** A request's headers, as Node gives them: names in lower case. */
export type IncomingHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Headers that carry what would let others send in the sender's name. A signature only serves the bytes it signs. */
const CREDENTIAL =
  /authorization|cookie|token|secret|(?:api|access|private|auth)-?key|passw|passphrase|credential|session|jwt|(?:^|-)auth(?:-|$)/;

/** How large the headers of a batch may be that are kept: they are kept with each of its events. */
const MAX_BATCH_HEADERS_BYTES = 2048;

/** Never kept with an event: what only concerned the connection. */
const DROPPED_HEADERS = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'host',
  'accept',
  'accept-encoding',
  'accept-language',
  'expect',
]);

/**
 * Reads a JSON body.
 *
 * @throws ProblemException ERR_BODY_EMPTY, ERR_UNICODE_INVALID, ERR_JSON_INVALID, ERR_JSON_TOO_DEEP, ERR_UNSAFE_KEY
 */
export function readJsonBody(body: Buffer): { readonly value: JsonValue; readonly exact: boolean } {
  if (body.length === 0) throw new ProblemException('ERR_BODY_EMPTY');
  return parseSafeJson(decodeUtf8(body));
}

/**
 * Reads `Idempotency-Key`; null when there is none.
 *
 * @throws ProblemException ERR_HEADER_INVALID for an empty one, a longer one than 256, or control characters
 */
export function readIdempotencyKey(headers: IncomingHeaders): string | null {
  const value = readHeader(headers, 'idempotency-key');
  if (value === undefined) return null;
  if (!IDEMPOTENCY_KEY_PATTERN.test(value)) {
    throw new ProblemException(
      'ERR_HEADER_INVALID',
      'Idempotency-Key must have 1 to 256 printable ASCII characters.',
    );
  }
  return value;
}

/**
 * Reads `Schema-Version`; undefined when there is none.
 *
 * @throws ProblemException ERR_HEADER_INVALID
 */
export function readSchemaVersion(headers: IncomingHeaders): number | undefined {
  const value = readHeader(headers, 'schema-version');
  if (value === undefined) return undefined;
  const version = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (version < 1 || version > MAX_SCHEMA_VERSION) {
    throw new ProblemException(
      'ERR_HEADER_INVALID',
      `Schema-Version must be a whole number from 1 to ${MAX_SCHEMA_VERSION}.`,
    );
  }
  return version;
}

/** Returns a header's value, the first of several. */
export function readHeader(headers: IncomingHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Tells whether a header, named in lower case, holds a credential. */
export function isCredentialHeader(name: string): boolean {
  return CREDENTIAL.test(name);
}

/**
 * Returns the headers that are kept with an event, without those that `credentialHeaders` names and those that begin with
 * `$`; several values of one name are joined.
 */
export function toKeptHeaders(
  headers: IncomingHeaders,
  credentialHeaders: ReadonlySet<string>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    // The driver would read `$ref` and `$id` back as a reference into another collection.
    if (name.startsWith('$')) continue;
    if (value === undefined || DROPPED_HEADERS.has(name) || isCredentialHeader(name)) continue;
    if (credentialHeaders.has(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}

/**
 * Checks that the headers which are kept with each event of a batch have at most 2,048 bytes together, names and values.
 *
 * @throws ProblemException ERR_HEADER_INVALID
 */
export function assertBatchHeaders(kept: Readonly<Record<string, string>>): void {
  const sizes = Object.entries(kept).map(([name, value]) => ({
    name,
    bytes: Buffer.byteLength(name) + Buffer.byteLength(value),
  }));
  const bytes = sizes.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes <= MAX_BATCH_HEADERS_BYTES) return;
  const [largest] = sizes.toSorted((left, right) => right.bytes - left.bytes);
  throw new ProblemException(
    'ERR_HEADER_INVALID',
    `The headers of a batch are kept with each of its events and may have ${MAX_BATCH_HEADERS_BYTES} bytes together. These have ${bytes}; the largest is ${largest?.name}.`,
  );
}
