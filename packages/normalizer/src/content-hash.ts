import { hash } from 'node:crypto';
import type { JsonValue } from '@sluice/contracts/json';
import { canonicalize } from './canonical-json.ts';

/**
 * What a request says of an event beside its payload. An order that was cancelled may have the same payload as one that
 * was made: only this tells them apart.
 */
export type EventAttributes = {
  /** Only where two events of one source with two ids are two events, whatever they say: of a CloudEvent. */
  readonly id?: string | undefined;
  readonly type?: string | undefined;
  readonly schemaVersion?: number | undefined;
  readonly subject?: string | undefined;
  readonly time?: string | undefined;
  readonly dataSchema?: string | undefined;
};

/** What a content hash is made from. */
export type Content = {
  readonly source: string;
  /** What its request says of it beside the payload; nothing by default. */
  readonly attributes?: EventAttributes | undefined;
  /** The parsed payload; undefined when the body is not JSON. */
  readonly payload: JsonValue | undefined;
  /** False when a number of the body did not survive parsing (`parseSafeJson`). */
  readonly exact: boolean;
  /** The bytes as they arrived. */
  readonly body: Uint8Array;
};

/**
 * Hashes what an event says, as 64 hex digits: SHA-256 over the canonical JSON of `{source, payload}`, and of
 * `{attributes, source, payload}` where the request names any, so that white space, key order and the spelling of numbers
 * do not matter. A body that is not JSON, or whose numbers do not survive parsing, is hashed as
 * `bytes NUL <source> NUL <body>`, or `attributed NUL <source> NUL <attributes> NUL <body>`: the source keeps equal bytes
 * of two sources apart, and canonical JSON begins with `{`, so the kinds never meet.
 */
export function toContentHash({ source, attributes, payload, exact, body }: Content): string {
  const named = attributes === undefined ? '' : writeNamed(attributes);
  if (exact && payload !== undefined) {
    // Canonical JSON of the three, whose names need not be sorted each time.
    const before = named === '' ? '' : `"attributes":${named},`;
    return hash('sha256', `{${before}"payload":${canonicalize(payload)},"source":${canonicalize(source)}}`);
  }
  const before = named === '' ? `bytes\0${source}\0` : `attributed\0${source}\0${named}\0`;
  return hash('sha256', Buffer.concat([Buffer.from(before), body]));
}

/** Writes the attributes that are named as canonical JSON; nothing when there are none. */
function writeNamed(attributes: EventAttributes): string {
  const named = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return named.length === 0 ? '' : canonicalize(Object.fromEntries(named));
}
