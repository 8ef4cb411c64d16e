import { BSON } from 'mongodb';
import { AS_STORED } from '../as-stored.ts';
import { decodeDocument } from '../decode-document.ts';

const DOUBLE = 0x01;
const STRING = 0x02;
const SYMBOL = 0x0e;
const INT = 0x10;
const LONG = 0x12;
const DECIMAL = 0x13;

/** How many bytes a value has whose length does not stand in it, by type. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  [DOUBLE]: 8,
  ...{ 7: 12, 8: 1, 9: 8, 10: 0 },
  [INT]: 4,
  ...{ 17: 8 },
  [LONG]: 8,
  [DECIMAL]: 16,
  ...{ 127: 0, 255: 0 },
};

/** What its length, the first four bytes of a value, does not count, by type. */
const LENGTH_ADDS: Readonly<Record<number, number>> = { 2: 4, 3: 0, 5: 5, 12: 16, 13: 4, 14: 4, 15: 0 };

/** In a document of the server `_id` comes first: length, type, then these bytes. */
const NAME = Buffer.from('_id\0', 'latin1');
const TYPE_AT = 4;
const NAME_AT = TYPE_AT + 1;
const VALUE_AT = NAME_AT + NAME.length;

/** The BSON of `{_id}` as a text, a character for each byte: of many ids such texts take a fraction of the memory of buffers. */
export type PackedId = string;

/** Packs the BSON of an id. */
export function packId(id: Uint8Array): PackedId {
  return toBuffer(id).toString('latin1');
}

/** Returns the BSON of a packed id. */
export function unpackId(packed: PackedId): Uint8Array {
  return Buffer.from(packed, 'latin1');
}

/**
 * Cuts the `_id` out of a raw document: the BSON of `{_id}`, in bytes apart from the document's.
 *
 * @throws TypeError when the document has no `_id`, or one of a type that no document can have
 */
export function cutId(document: Uint8Array): Uint8Array {
  const bytes = toBuffer(document);
  if (!bytes.subarray(NAME_AT, VALUE_AT).equals(NAME)) return cutLaterId(bytes);
  const end = VALUE_AT + measureValue(bytes, bytes.readUInt8(TYPE_AT), VALUE_AT);
  const id = Buffer.allocUnsafe(end + 1);
  bytes.copy(id, 0, 0, end);
  id[end] = 0;
  id.writeInt32LE(id.length, 0);
  return id;
}

/** Only where somebody wrote into the files of the database itself. */
function cutLaterId(bytes: Buffer): Uint8Array {
  const { _id } = BSON.deserialize(bytes, AS_STORED);
  if (_id === undefined) throw new TypeError('The document has no _id.');
  return toIdBytes(_id);
}

function measureValue(bytes: Buffer, type: number, at: number): number {
  const fixed = FIXED_BYTES[type];
  if (fixed !== undefined) return fixed;
  const more = LENGTH_ADDS[type];
  if (more === undefined) throw new TypeError(`An _id cannot be of the BSON type ${type}.`);
  return bytes.readInt32LE(at) + more;
}

/**
 * Returns what two ids have in common exactly when MongoDB takes them for the same: 1, 1.0 and Long(1) are, and so are
 * a string and a symbol.
 */
export function toIdKey(id: Uint8Array): string {
  const bytes = toBuffer(id);
  const type = bytes.readUInt8(TYPE_AT);
  if (type === DOUBLE || type === INT || type === LONG || type === DECIMAL) return `number ${toNumber(id)}`;
  const value = bytes.toString('latin1', VALUE_AT, bytes.length - 1);
  return `${type === SYMBOL ? STRING : type} ${value}`;
}

function toNumber(id: Uint8Array): string {
  const value: unknown = toIdValue(id);
  if (value instanceof BSON.Long || value instanceof BSON.Int32) return `${value}`;
  if (value instanceof BSON.Double) {
    return Number.isInteger(value.value) ? `${BigInt(value.value)}` : `${value.value}`;
  }
  const text = String(value);
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}

/** Returns the BSON of `{_id}` for a value. */
export function toIdBytes(_id: unknown): Uint8Array {
  return BSON.serialize({ _id }, { ignoreUndefined: false });
}

/** Returns the value of an id as the driver writes it back without a change of type. */
export function toIdValue(id: Uint8Array): unknown {
  return decodeDocument(id).id;
}

/** Writes an id as canonical Extended JSON. */
export function toIdText(id: Uint8Array): string {
  return BSON.EJSON.stringify(toIdValue(id), { relaxed: false });
}

/** Reads what `toIdText` wrote. @throws SyntaxError when it is no JSON */
export function parseIdText(text: string): unknown {
  return BSON.EJSON.parse(text, { relaxed: false });
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
