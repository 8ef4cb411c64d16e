import { createHash } from 'node:crypto';
import { Binary, BSON, Double, Int32, Long, ObjectId } from 'mongodb';

/**
 * How documents are read that are written again: every value keeps its type, so that 1.0 does not become 1, and a text
 * that is not UTF-8 does not hold up the others.
 */
export const AS_STORED = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
  enableUtf8Validation: false,
  // The same for BSON.deserialize, which does not know the driver's name of it.
  validation: { utf8: false },
} as const;

/** Returns a text that is the same for the same id: MongoDB takes equal numbers of different types for one. */
export function toDocumentKey(id: unknown): string {
  if (typeof id === 'string') return `s${id}`;
  if (id instanceof ObjectId) return `o${id.toHexString()}`;
  if (id instanceof Int32 || id instanceof Double) return `n${id.valueOf()}`;
  if (typeof id === 'number' || id instanceof Long) return `n${id.toString()}`;
  return `b${Buffer.from(BSON.serialize({ id })).toString('latin1')}`;
}

/** Names the record of a refused document. */
export function toFailureId(collection: string, id: unknown): string {
  return createHash('sha256')
    .update(`${collection}\0${toDocumentKey(id)}`)
    .digest('hex')
    .slice(0, 32);
}

/** Writes an id as extended JSON; `parseDocumentId` reads it again, with its type. */
export function toIdText(id: unknown): string {
  return BSON.EJSON.stringify({ id }, { relaxed: false });
}

/** Reads an id that `toIdText` wrote. */
export function parseIdText(text: string): unknown {
  return BSON.EJSON.parse(text, { relaxed: false })['id'];
}

/** Names a session of MongoDB for those who come later and have to end it. */
export function toSessionId(id: { readonly id: unknown } | undefined): Binary | null {
  return id?.id instanceof Binary ? id.id : null;
}
