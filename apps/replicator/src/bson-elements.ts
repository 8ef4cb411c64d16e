import { BSON } from 'mongodb';
import { AS_STORED } from './as-stored.ts';

const OBJECT = 3;
const ARRAY = 4;

/** A value as it is written in BSON: its type and its bytes. */
export type Element = { readonly type: number; readonly bytes: Uint8Array };

/** Returns a document as the element that holds it. */
export function toElement(document: Uint8Array): Element {
  return { type: OBJECT, bytes: document };
}

/** Tells whether a value is an object or an array. */
export function hasElements({ type }: Element): boolean {
  return type === OBJECT || type === ARRAY;
}

/** Counts what an object or an array has in it; 0 for every other value. */
export function countElements(element: Element): number {
  return hasElements(element) ? [...BSON.onDemand.parseToElements(element.bytes)].length : 0;
}

/** Counts the values in a value that have none in them, to the innermost ones; 1 for a value alone. */
export function countLeaves(element: Element): number {
  if (!hasElements(element)) return 1;
  let sum = 0;
  for (const [type, , , offset, length] of BSON.onDemand.parseToElements(element.bytes)) {
    const isNested = type === OBJECT || type === ARRAY;
    sum += isNested ? countLeaves({ type, bytes: element.bytes.subarray(offset, offset + length) }) : 1;
  }
  return Math.max(1, sum);
}

/** Returns what an object or an array has in it, by name, in its order; nothing for every other value. */
export function readElements(element: Element): ReadonlyMap<string, Element> {
  const found = new Map<string, Element>();
  if (!hasElements(element)) return found;
  const bytes = Buffer.from(element.bytes.buffer, element.bytes.byteOffset, element.bytes.byteLength);
  for (const [type, nameOffset, nameLength, offset, length] of BSON.onDemand.parseToElements(bytes)) {
    const name = bytes.toString('utf8', nameOffset, nameOffset + nameLength);
    found.set(name, { type, bytes: bytes.subarray(offset, offset + length) });
  }
  return found;
}

/** Returns a value of its own type, as a driver that promotes nothing reads it. */
export function decodeElement({ type, bytes }: Element): unknown {
  // A document with this value alone: its length, the type, the name `v`, the value, the end.
  const alone = Buffer.alloc(bytes.byteLength + 8);
  alone.writeInt32LE(alone.byteLength);
  alone.set([type, 'v'.charCodeAt(0), 0], 4);
  alone.set(bytes, 7);
  return BSON.deserialize(alone, AS_STORED)['v'];
}
