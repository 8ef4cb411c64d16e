import { createHash } from 'node:crypto';
import { Binary, BSON, ObjectId } from 'mongodb';
import { toIdBytes, toIdKey } from './full-sync/document-id.ts';

/** Returns a text that is the same for the same id: MongoDB takes equal numbers of different types for one. */
export function toDocumentKey(id: unknown): string {
  // Nearly all are of these two, which need no encoding.
  if (typeof id === 'string') return `s${id}`;
  if (id instanceof ObjectId) return `o${id.toHexString()}`;
  if (id instanceof BSON.BSONSymbol) return `s${id.value}`;
  return `b${toIdKey(toIdBytes(id))}`;
}

/** Names the record of a refused document. */
export function toFailureId(collection: string, id: unknown): string {
  return createHash('sha256')
    .update(`${collection}\0${toDocumentKey(id)}`)
    .digest('hex')
    .slice(0, 32);
}

/** Writes an id as extended JSON; `parseIdText` reads it again, with its type. */
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
