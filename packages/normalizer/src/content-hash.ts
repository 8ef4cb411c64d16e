import { hash } from 'node:crypto';
import type { JsonValue } from '@sluice/contracts/json';
import { canonicalize } from './canonical-json.ts';

/** What a content hash is made from. */
export type Content = {
  readonly source: string;
  /** The parsed payload; undefined when the body is not JSON. */
  readonly payload: JsonValue | undefined;
  /** False when a number of the body did not survive parsing (`parseSafeJson`). */
  readonly exact: boolean;
  /** The bytes as they arrived. */
  readonly body: Uint8Array;
};

/**
 * Hashes what an event says, as 64 hex digits: SHA-256 over the canonical JSON of `{source, payload}`, so that
 * white space, key order and the spelling of numbers do not matter. A body that is not JSON, or whose numbers do
 * not survive parsing, is hashed as `bytes NUL <source> NUL <body>`: the source keeps equal bytes of two sources
 * apart, and canonical JSON begins with `{`, so the two kinds never meet.
 */
export function toContentHash({ source, payload, exact, body }: Content): string {
  if (exact && payload !== undefined) {
    // Canonical JSON of the two, whose names need not be sorted each time.
    return hash('sha256', `{"payload":${canonicalize(payload)},"source":${canonicalize(source)}}`);
  }
  return hash('sha256', Buffer.concat([Buffer.from(`bytes\0${source}\0`), body]));
}
