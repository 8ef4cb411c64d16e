import { createTestNames } from '@sluice/local/test-names';
import { Binary, type Db, Int32, Timestamp } from 'mongodb';
import { expect, test, vi } from 'vitest';
import { readClusterTime } from '../src/changes/cluster-time.ts';
import { createPendingChanges } from '../src/pending-changes.ts';
import { createDocumentReader } from '../src/read-documents.ts';
import { SYNC_OPLOG, startBackups, toItems } from './pair.ts';

const { database: prefix } = createTestNames();
const { open } = await startBackups(prefix);
const PATIENCE = { timeout: 10_000, interval: 20 };

/** A command as MongoDB's profiler writes it down. */
type Profiled = {
  readonly ts: Date;
  readonly command: { readonly readConcern: { readonly atClusterTime?: Timestamp } };
};

test.each(SYNC_OPLOG)(
  'a document keeps its bytes, whether the change tells what it is or it is read (SYNC_OPLOG=%s)',
  async (SYNC_OPLOG) => {
    const pair = open();
    await pair.startActive({ SYNC_OPLOG });
    const { db } = pair.primary;
    const toDocument = (_id: string, size: number) =>
      new Map<string, unknown>([
        ['_id', _id],
        ...[12, 5, 7].map((key) => [`${key}`, new Map([['2', 1]]).set('1', 2)] as const),
        ['bytes', new Binary(Buffer.alloc(size))],
      ]);
    const sizes = { told: 10, read: 1024 * 1024, largest: 16 * 1024 * 1024 - 200 };
    const documents = Object.entries(sizes).map(([_id, size]) => toDocument(_id, size));
    for (const document of documents) await db.command({ insert: 'items', documents: [document] });
    const read = (from: Db) =>
      from
        .collection('items')
        .find<Uint8Array>({}, { raw: true, sort: { _id: 1 } })
        .toArray();
    const inserted = await read(db);
    expect(inserted).toHaveLength(documents.length);
    await vi.waitFor(async () => {
      const copied = await read(pair.backup.db);
      expect(copied.map((raw, index) => Buffer.compare(raw, inserted[index] ?? raw))).toEqual([0, 0, 0]);
    }, PATIENCE);
  },
);

test.each(SYNC_OPLOG)(
  'a delete takes no document whose id is nearly the same (SYNC_OPLOG=%s)',
  async (SYNC_OPLOG) => {
    const pair = open();
    await pair.startActive({ SYNC_OPLOG });
    const { primary, backup } = pair;
    const gone = new Map([['2', 1]]).set('1', 2);
    const stays = new Map([['1', 2]]).set('2', 1);
    for (const _id of [stays, gone]) await toItems(primary.db).insertOne({ _id });
    const read = () =>
      Promise.all([gone, stays].map((_id) => toItems(backup.db).countDocuments({ _id: { $eq: _id } })));
    await vi.waitFor(async () => expect(await read()).toEqual([1, 1]), PATIENCE);
    await toItems(primary.db).deleteOne({ _id: { $eq: gone } });
    await vi.waitFor(async () => expect(await read()).toEqual([0, 1]), PATIENCE);
  },
);

test.each(SYNC_OPLOG)(
  '3: documents are read as of the changes that were seen, whatever has changed since (SYNC_OPLOG=%s)',
  async (SYNC_OPLOG) => {
    const pair = open();
    const replicator = await pair.startActive({ SYNC_OPLOG });
    const { db } = pair.primary;
    await db.command({ profile: 2 });
    try {
      await toItems(db).insertOne({ _id: 1 });
      await pair.untilEqual('items');
      await toItems(db).updateOne({ _id: 1 }, { $set: { v: 1 } });
      await pair.untilEqual('items');
      const before = await pair.position();
      await replicator.active()?.applyIds('items', [new Int32(1)], 'keep');
      const after = await pair.position();
      await toItems(db).deleteOne({ _id: 1 });
      await pair.untilEqual('items');
      const found = await db
        .collection<Profiled>('system.profile')
        .find({ op: 'query', ns: `${db.databaseName}.items`, 'command.readConcern.level': 'snapshot' })
        .sort({ ts: 1 })
        .toArray();
      const [changed, handedOver] = found.map(({ command }) => command.readConcern.atClusterTime);
      // Not when it was inserted, nor when it was deleted: the changes told what it is.
      expect(found).toHaveLength(2);
      expect(changed).toEqual(before?.appliedTo);
      expect(handedOver).toEqual(after?.readTo);
      expect(after?.appliedTo?.greaterThanOrEqual(handedOver ?? Timestamp.MAX_VALUE)).toBe(true);
    } finally {
      await db.command({ profile: 0 });
    }
  },
);

test('large documents go in portions that a slow line can carry', async () => {
  const { primary } = open();
  const pending = createPendingChanges();
  const sizes = [600, 300, 500, 1500, 10].map((kib) => kib * 1024);
  for (const [id, size] of sizes.entries()) {
    await toItems(primary.db).insertOne({ _id: id, bytes: new Binary(Buffer.alloc(size)) });
    pending.add({ kind: 'insert', collection: 'items', id: new Int32(id) });
  }
  const reader = createDocumentReader(primary);
  const { signal } = new AbortController();
  const portions: unknown[] = [];
  const at = await readClusterTime(primary);
  const asked = { at, asTold: true, portionBytes: 1024 * 1024, signal };
  for await (const { writes } of reader.read(pending.take(), asked)) {
    portions.push(writes.map(({ id }) => Number(id)));
  }
  await reader.close();
  expect(portions).toEqual([[0, 1], [2], [3], [4]]);
});
