import { BSON, type Document, Int32, Timestamp } from 'mongodb';
import { describe, expect, it, test } from 'vitest';
import { createEntryReader } from './oplog-entry.ts';

const TS = new Timestamp({ t: 7, i: 3 });
const WALL = new Date(7000);
const read = createEntryReader('shop', ['excluded']);

/** Reads an entry as MongoDB writes it, but for what is given. */
function readEntry(given: Document) {
  const common = { ts: TS, t: 1, v: new Int32(2), wall: WALL };
  return read(BSON.serialize({ op: 'n', ns: '', o: {}, ...common, ...given }));
}

/** Reads operations of one transaction. */
function readTransaction(applyOps: readonly Document[], parts: Document = {}) {
  return readEntry({ op: 'c', ns: 'admin.$cmd', o: { applyOps, ...parts }, txnNumber: 1 });
}

describe('an entry of the oplog', () => {
  test.each<[what: string, given: Document, expected: { kind: string; told?: Document | null }]>([
    [
      'an insert',
      { op: 'i', o: { _id: 'a', n: 1 }, o2: { _id: 'a' } },
      { kind: 'insert', told: { _id: 'a', n: 1 } },
    ],
    [
      'an insert that names its document only once',
      { op: 'i', o: { _id: 'a' } },
      { kind: 'insert', told: { _id: 'a' } },
    ],
    [
      'a replacement',
      { op: 'u', o: { _id: 'a', n: 2 }, o2: { _id: 'a' } },
      { kind: 'replace', told: { _id: 'a', n: 2 } },
    ],
    ['an update', { op: 'u', o: { $v: 2, diff: { u: { n: 3 } } }, o2: { _id: 'a' } }, { kind: 'update' }],
    ['a delete', { op: 'd', o: { _id: 'a' } }, { kind: 'delete', told: null }],
  ])('is %s', (_what, given, { kind, told }) => {
    const expected = {
      ...{ kind, collection: 'items', id: 'a', at: TS, wallAt: WALL, behind: { at: TS } },
      ...(told === undefined ? {} : { told: told === null ? null : Buffer.from(BSON.serialize(told)) }),
    };
    expect(readEntry({ ns: 'shop.items', ...given })).toEqual({ at: TS, changes: [expected] });
    expect(readTransaction([{ ns: 'shop.items', ...given }])).toEqual({ at: TS, changes: [expected] });
  });

  test.each([
    ['another database', { op: 'i', ns: 'shop2.items', o: { _id: 1 } }],
    ['an excluded collection', { op: 'i', ns: 'shop.excluded', o: { _id: 1 } }],
    ['a collection of MongoDB', { op: 'i', ns: 'shop.system.views', o: { _id: 1 } }],
    ['no operation', { op: 'n', o: { msg: 'periodic noop' } }],
    ['a new index', { op: 'c', ns: 'shop.$cmd', o: { createIndexes: 'items' } }],
    ['the end of an excluded collection', { op: 'c', ns: 'shop.$cmd', o: { drop: 'excluded' } }],
    ['the end of a collection elsewhere', { op: 'c', ns: 'shop2.$cmd', o: { drop: 'items' } }],
    ['a transaction that did not come to pass', { op: 'c', ns: 'admin.$cmd', o: { abortTransaction: 1 } }],
  ])('says nothing of %s', (_what, given) => {
    expect(readEntry(given)).toEqual({ at: TS, changes: [] });
    expect(readTransaction([{ ns: '', ...given }])).toEqual({ at: TS, changes: [] });
  });

  test.each([
    ['drop', { drop: 'items' }, { kind: 'drop', collection: 'items' }],
    [
      'rename',
      { renameCollection: 'shop.items', to: 'shop.excluded' },
      { kind: 'rename', collection: 'items' },
    ],
    ['end of the database', { dropDatabase: 1 }, { kind: 'invalidate' }],
  ])('tells of the %s', (_what, o, expected) => {
    expect(readEntry({ op: 'c', ns: 'shop.$cmd', o })).toMatchObject({ changes: [expected] });
  });

  test.each([
    ['a field that is new', { op: 'i', ns: 'shop.items', o: { _id: 1 }, shiny: true }, 'field shiny'],
    [
      'a document that moves between shards',
      { op: 'd', ns: 'shop.items', o: { _id: 1 }, fromMigrate: true },
      'field fromMigrate',
    ],
    ['another version', { op: 'i', ns: 'shop.items', o: { _id: 1 }, v: new Int32(3) }, 'version is 3'],
    ['an operation that is new', { op: 'zz', ns: 'shop.items', o: {} }, 'operation is zz'],
    ['a command that is new', { op: 'c', ns: 'shop.$cmd', o: { shuffle: 'items' } }, 'command is shuffle'],
    ['an update of nobody knows what', { op: 'u', ns: 'shop.items', o: { $v: 2 } }, 'names no document'],
    [
      'a transaction that was prepared',
      { op: 'c', ns: 'admin.$cmd', o: { commitTransaction: 1 } },
      'command is commitTransaction',
    ],
  ])('is not known when it is %s', (_what, given, unknown) => {
    expect(readEntry(given)).toEqual({ unknown: expect.stringContaining(unknown) });
  });

  test('is not known when an operation of a transaction is not', () => {
    const operation = { op: 'd', ns: 'shop.items', o: { _id: 1 }, fromMigrate: true };
    expect(readTransaction([operation])).toEqual({ unknown: expect.stringContaining('field fromMigrate') });
  });

  test('is left to those who can cut it when it has very many operations', () => {
    const operation = { op: 'd', ns: 'shop.items', o: { _id: 1 } };
    expect(readTransaction(Array(20_000).fill(operation))).toMatchObject({ at: TS });
    expect(readTransaction(Array(20_001).fill(operation))).toEqual({
      unknown: expect.stringContaining('many'),
    });
  });

  test.each([{ partialTxn: true }, { prepare: true }, { count: 3 }])(
    'is not known when it has %j',
    (parts) => {
      const operation = { op: 'i', ns: 'shop.items', o: { _id: 1 } };
      expect(readTransaction([operation], parts)).toEqual({
        unknown: expect.stringContaining('transaction'),
      });
    },
  );
});

it('does not say that a document is gone whose id it cannot read to the byte', () => {
  const entry = Buffer.from(
    BSON.serialize({ op: 'd', ns: 'shop.items', o: { _id: 'x' }, ts: TS, v: new Int32(2) }),
  );
  entry[entry.indexOf(Buffer.from('x\0\0'))] = 0xff;
  const common = { collection: 'items', at: TS, behind: { at: TS } };
  expect(read(entry)).toEqual({ at: TS, changes: [{ ...common, kind: 'delete', id: '\ufffd' }] });
});
