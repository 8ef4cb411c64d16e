import {
  Binary,
  BSON,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb';
import { describe, expect, it } from 'vitest';
import {
  cutId,
  packId,
  parseIdText,
  toIdBytes,
  toIdKey,
  toIdText,
  toIdValue,
  unpackId,
} from './document-id.ts';

const IDS: readonly unknown[] = [
  ...[new MinKey(), new MaxKey(), null, true, false, new Double(-1.5), new Double(3), new Int32(4)],
  ...[Long.fromString('9007199254740993'), Decimal128.fromString('5.25'), '', 'a', 'b\0c', 'é'],
  ...[{}, { a: new Int32(1) }, { a: { b: null } }, new Binary(Buffer.from('x')), new ObjectId()],
  ...[new Date(5), new Timestamp({ t: 1, i: 2 }), new Code('f()'), new Code('f()', { a: 'x' })],
  ...[new BSON.BSONSymbol('s')],
];

/** Objects would put the keys into another order. */
const NUMBER_KEYS = new Map<string, unknown>([
  ['b', new Int32(1)],
  ['2', new Int32(1)],
]);

describe('the id of a raw document', () => {
  it.each(IDS.map((_id) => [BSON.EJSON.stringify(_id, { relaxed: false }), _id]))(
    'is cut out, read and written whole: %s',
    (text, _id) => {
      const id = toIdBytes(_id);
      expect(cutId(BSON.serialize({ _id, other: 'x' }))).toEqual(id);
      expect(cutId(BSON.serialize({ other: 'x', _id }))).toEqual(id);
      expect(toIdBytes(toIdValue(id))).toEqual(id);
      expect(toIdText(id)).toBe(text);
      expect(new Uint8Array(unpackId(packId(id)))).toEqual(new Uint8Array(id));
      if (!(_id instanceof BSON.BSONSymbol)) expect(toIdBytes(parseIdText(toIdText(id)))).toEqual(id);
    },
  );

  it('has the same key exactly where MongoDB takes two for the same', () => {
    const toKey = (id: unknown) => toIdKey(toIdBytes(id));
    const ones = [new Int32(1), new Double(1), Long.fromNumber(1), Decimal128.fromString('1.0')];
    expect(new Set(ones.map(toKey)).size).toBe(1);
    expect(toKey(new Double(0))).toBe(toKey(new Double(-0)));
    expect(toKey(new BSON.BSONSymbol('s'))).toBe(toKey('s'));
    expect(new Set(IDS.map(toKey)).size).toBe(IDS.length);
    expect(toKey(Long.fromString('9007199254740993'))).not.toBe(toKey(new Double(9007199254740992)));
    expect(toKey('1')).not.toBe(toKey(new Int32(1)));
    const thousands = [new Int32(1000), Decimal128.fromString('1E+3'), Decimal128.fromString('1000.00')];
    expect(new Set(thousands.map(toKey)).size).toBe(1);
    expect(toKey(new Double(0.5))).toBe(toKey(Decimal128.fromString('0.50')));
    expect(toKey(new Double(0.1))).not.toBe(toKey(Decimal128.fromString('0.1')));
    expect(toKey(new Double(1e300))).not.toBe(toKey(Decimal128.fromString('1E+300')));
    const nested = ones.map((one) => ({ a: [one, { b: one }] }));
    expect(new Set(nested.map(toKey)).size).toBe(1);
    expect(toKey({ a: 1, b: 2 })).not.toBe(toKey({ b: 2, a: 1 }));
    expect(toKey({ a: [1] })).not.toBe(toKey({ a: { 0: 1 } }));
  });

  it('keeps the order of its keys, also of those that are numbers', () => {
    const id = toIdBytes(NUMBER_KEYS);
    expect(toIdBytes(toIdValue(id))).toEqual(id);
    expect(id).not.toEqual(toIdBytes(Object.fromEntries(NUMBER_KEYS)));
  });

  it('must be there', () => {
    expect(() => cutId(BSON.serialize({ a: 1 }))).toThrow('no _id');
  });
});
