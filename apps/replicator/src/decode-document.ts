import { BSON, type Document } from 'mongodb';
import { AS_STORED } from './as-stored.ts';
import { decodeElement } from './bson-elements.ts';

const OBJECT = 3;
const ARRAY = 4;
const WHOLE_NUMBER = /^\d+$/;

/** A document that is read to be written again: a Map where an object could not keep its fields in their order. */
export type DecodedDocument = { readonly id: unknown; readonly document: Document | Map<string, unknown> };

/**
 * Decodes a document so that it is encoded to the same bytes again. Objects put keys like `12` before all others, those with
 * `$ref` and `$id` become references in another order, and one with a key `_bsontype` is taken for a value of BSON: a document
 * that has any of them becomes Maps.
 */
export function decodeDocument(raw: Uint8Array): DecodedDocument {
  const document = BSON.deserialize(raw, AS_STORED);
  if (!needsMaps(document)) return { id: document['_id'], document };
  const map = toMap(raw);
  return { id: map.get('_id'), document: map };
}

function needsMaps(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  // The values of BSON have it from their class.
  if ('_bsontype' in value) return value._bsontype === 'DBRef' || Object.hasOwn(value, '_bsontype');
  if (Array.isArray(value)) return value.some(needsMaps);
  if (value instanceof Date || value instanceof Uint8Array) return false;
  const keys = Object.keys(value);
  // Where there is one, such a key is the first.
  return WHOLE_NUMBER.test(keys[0] ?? '') || Object.values(value).some(needsMaps);
}

function toMap(raw: Uint8Array): Map<string, unknown> {
  const map = new Map<string, unknown>();
  for (const [type, nameOffset, nameLength, offset, length] of BSON.onDemand.parseToElements(raw)) {
    const name = Buffer.from(raw.subarray(nameOffset, nameOffset + nameLength)).toString();
    map.set(name, toValue(type, raw.subarray(offset, offset + length)));
  }
  return map;
}

function toValue(type: number, bytes: Uint8Array): unknown {
  if (type === OBJECT) return toMap(bytes);
  if (type === ARRAY) return [...toMap(bytes).values()];
  return decodeElement({ type, bytes });
}
