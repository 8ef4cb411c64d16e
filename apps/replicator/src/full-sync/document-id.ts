import { BSON } from 'mongodb';
import { AS_STORED } from '../as-stored.ts';
import { decodeElement, type Element, hasElements } from '../bson-elements.ts';
import { decodeDocument } from '../decode-document.ts';

const DOUBLE = 0x01;
const STRING = 0x02;
const SYMBOL = 0x0e;
const INT = 0x10;
const LONG = 0x12;
const DECIMAL = 0x13;

/** As `toPrecision` knows them. */
const MAX_DIGITS = 100;
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

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
 * Returns what two ids have in common exactly when MongoDB takes them for the same: 1, 1.0 and Long(1) are, also within
 * objects, and so are a string and a symbol.
 */
export function toIdKey(id: Uint8Array): string {
  return toKey({ type: toBuffer(id).readUInt8(TYPE_AT), bytes: id.subarray(VALUE_AT, id.length - 1) });
}

function toKey(element: Element): string {
  const { type, bytes } = element;
  if (type === DOUBLE || type === INT || type === LONG || type === DECIMAL) {
    return `number ${toNumber(decodeElement(element))}`;
  }
  if (hasElements(element)) {
    const inner = [...BSON.onDemand.parseToElements(bytes)].map(
      ([innerType, nameOffset, nameLength, offset, length]) => [
        toBuffer(bytes).toString('latin1', nameOffset, nameOffset + nameLength),
        toKey({ type: innerType, bytes: bytes.subarray(offset, offset + length) }),
      ],
    );
    return `${type} ${JSON.stringify(inner)}`;
  }
  return `${type === SYMBOL ? STRING : type} ${toBuffer(bytes).toString('latin1')}`;
}

/** Writes a number as all of its digits but for zeros at either end, and an exponent. */
function toNumber(value: unknown): string {
  // A decimal has 34 digits at most: a double that has more than a hundred is equal to none.
  const isNumber = value instanceof BSON.Double && Number.isFinite(value.value);
  const text = isNumber ? value.value.toPrecision(MAX_DIGITS) : `${value}`;
  const [, sign, whole, fraction = '', exponent = '0'] = NUMBER.exec(text) ?? [];
  if (whole === undefined) return text;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}

/** Returns the BSON of `{_id}` for a value. */
export function toIdBytes(_id: unknown): Uint8Array {
  return BSON.serialize({ _id }, { ignoreUndefined: false });
}

/** Measures the BSON of `{_id}` for a value, in bytes. */
export function measureId(_id: unknown): number {
  return BSON.calculateObjectSize({ _id }, { ignoreUndefined: false });
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
