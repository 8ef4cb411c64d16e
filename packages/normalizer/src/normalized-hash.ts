import { hash } from 'node:crypto';
import type { JsonValue } from '@sluice/contracts/json';
import { canonicalize } from './canonical-json.ts';

/** What a normalized hash is made from. */
export type NormalizedIdentity = {
  readonly tenant: string;
  readonly source: string;
  readonly type: string;
  /** The fields that make two events of the type the same; null for a pass-through type. */
  readonly fields: Readonly<Record<string, JsonValue>> | null;
  readonly contentHash: string;
};

/**
 * Hashes what makes two records the same, as 64 hex digits: SHA-256 over the canonical JSON of `{tenant, source,
 * type, fields}`. When a field is null, or there are none, nothing is known to tell records apart: then it is
 * over `{tenant, source, contentHash}`, so that such events never collapse unless they say the same, type included.
 *
 * @throws TypeError when a field holds something that has no canonical JSON
 */
export function toNormalizedHash({ tenant, source, type, fields, contentHash }: NormalizedIdentity): string {
  if (fields === null || !isComplete(fields))
    return hash('sha256', canonicalize({ tenant, source, contentHash }));
  // Canonical JSON of the four, put together by hand: most of the work would go into sorting these names.
  const text = `{"fields":${canonicalize(fields)},"source":${canonicalize(source)},"tenant":${canonicalize(tenant)},"type":${canonicalize(type)}}`;
  return hash('sha256', text);
}

function isComplete(fields: Readonly<Record<string, JsonValue>>): boolean {
  let count = 0;
  for (const key in fields) {
    if (fields[key] === null) return false;
    count++;
  }
  return count > 0;
}
