import type { EventDetail } from '@sluice/contracts/api';
import type { RawEventDocument } from '@sluice/contracts/event';
import { isJsonObject, type JsonValue } from '@sluice/contracts/json';
import { canonicalize } from '@sluice/normalizer/canonical-json';
import { toPayloadBody, toShownPayload } from './payload.ts';

type Explanation = NonNullable<EventDetail['duplicate']>;

/** Explains why an event is a duplicate of its twin; null when it is none. The twin may be gone. */
export function explainDuplicate(event: RawEventDocument, twin: RawEventDocument | null): Explanation | null {
  const { duplicateLevel: level, duplicateOf: of } = event;
  if (level === undefined || of === undefined) return null;
  const received = twin === null ? '' : `, received ${twin.receivedAt.toISOString()}`;
  if (level === 'raw') {
    const explanation = `Level 1, content: it has the same content as ${of}${received}, under another idempotency key; their content hashes are equal.`;
    return { level, of, fields: [], explanation };
  }
  const fields = twin === null ? [] : findDifferentFields(toPayload(event), toPayload(twin));
  const explanation = `Level 2, record: ${toDifference(of, received, fields, twin)}, but both make the same normalized record; their normalized hashes are equal.`;
  return { level, of, fields, explanation };
}

function toDifference(
  of: string,
  received: string,
  fields: readonly string[],
  twin: RawEventDocument | null,
) {
  if (twin === null) return `its content differs from that of ${of}, which is not stored any more`;
  if (fields.length === 0) return `its content is not written as that of ${of}${received} is`;
  return `its payload differs from that of ${of}${received} in ${fields.map((field) => `\`${field}\``).join(', ')}`;
}

/** Returns the top-level fields that two payloads do not have in common with an equal value, sorted. */
function findDifferentFields(left: JsonValue, right: JsonValue): string[] {
  if (!isJsonObject(left) || !isJsonObject(right)) return [];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].filter((name) => toText(left[name]) !== toText(right[name])).sort();
}

function toText(value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : canonicalize(value);
}

function toPayload(event: RawEventDocument): JsonValue {
  return toShownPayload(toPayloadBody(event)).payload;
}
