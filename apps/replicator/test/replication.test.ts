import { createRandom } from '@sluice/local/random';
import { createTestNames } from '@sluice/local/test-names';
import { createSyncStates } from '@sluice/store/sync-state';
import { Binary, Decimal128, Double, Int32, Long, ObjectId } from 'mongodb';
import { describe, expect, test, vi } from 'vitest';
import { LeaseLostError } from '../src/ports.ts';
import { openBulkWriter } from '../src/write-bulk.ts';
import { type Id, readTotals, SYNC_OPLOG, startBackups, toItems } from './pair.ts';

const { seed, database: prefix } = createTestNames();
const { server, open } = await startBackups(prefix);
const PATIENCE = { timeout: 10_000, interval: 20 };

describe('what is copied', () => {
  test.each(SYNC_OPLOG)(
    '2, 3, 10, 13-17: every write arrives, by whatever means, and each kind of value stays what it is (SYNC_OPLOG=%s)',
    async (SYNC_OPLOG) => {
      const random = createRandom(seed, 'writes');
      const pair = open();
      const replicator = await pair.startActive({ SYNC_OPLOG });
      const names = ['events', 'latest', 'things'] as const;
      const ids: [Id, ...Id[]] = [
        1,
        'one',
        new ObjectId(),
        new Double(2.5),
        Long.fromString('9007199254740993'),
      ];
      const toBody = () => ({
        at: new Date(random.whole(0, 1e12)),
        double: new Double(random.whole(0, 3)),
        int: new Int32(random.whole(0, 3)),
        long: Long.fromNumber(random.whole(0, 3)),
        bytes: new Binary(Buffer.from([random.whole(0, 255)])),
        list: [null, { deep: new Double(1) }],
      });
      for (let round = 0; round < 40; round += 1) {
        const items = toItems(pair.primary.db, random.pick(names));
        const id = random.pick(ids);
        const upsert = { upsert: true } as const;
        const writes = [
          () => items.replaceOne({ _id: id }, toBody(), upsert),
          () => items.updateOne({ _id: id }, { $set: { ...toBody(), round } }, upsert),
          () => items.deleteOne({ _id: id }),
          () => items.deleteMany({}),
          () => items.insertMany(Array.from({ length: 30 }, () => ({ _id: new ObjectId(), ...toBody() }))),
          () =>
            items.bulkWrite([
              { deleteOne: { filter: { _id: id } } },
              { insertOne: { document: { _id: id, again: true, ...toBody() } } },
            ]),
          () => items.findOneAndUpdate({ _id: id }, { $unset: { at: true }, $set: { x: round } }, upsert),
        ] as const;
        await random.pick(writes)();
        if (round % 10 === 9) await pair.untilEqual(...names);
      }
      await pair.untilEqual(...names);
      expect(replicator.asked).toEqual(['first-sync']);
    },
  );

  test.each(SYNC_OPLOG)('3: a document never goes back on the backup (SYNC_OPLOG=%s)', async (SYNC_OPLOG) => {
    const pair = open();
    const replicator = await pair.startActive({ SYNC_OPLOG });
    await toItems(pair.backup.db).insertOne({ _id: 'other' });
    const seen: number[] = [];
    const watched = toItems(pair.backup.db).watch([], { fullDocument: 'updateLookup' });
    watched.on('change', (change) => {
      if ('fullDocument' in change) seen.push(Number(change.fullDocument?.['version']));
    });
    for (let version = 1; version <= 120; version += 1) {
      const items = toItems(pair.primary.db);
      if (version % 3 === 0) await items.replaceOne({ _id: 'a' }, { version }, { upsert: true });
      else await items.updateOne({ _id: 'a' }, { $set: { version } }, { upsert: true });
      if (version === 60) await replicator.active()?.applyIds('items', ['a'], 'keep');
    }
    await vi.waitFor(() => expect(seen.at(-1)).toBe(120), PATIENCE);
    await watched.close();
    expect(seen).toEqual(seen.toSorted((left, right) => left - right));
  });

  test('11: excluded collections are not copied, nor what belongs to one side alone; bulks have their size', async () => {
    const pair = open();
    await pair.startActive({ SYNC_EXCLUDED_COLLECTIONS: ['private'], SYNC_BATCH_SIZE: 10 });
    const { db } = pair.primary;
    await toItems(db, 'private').insertOne({ _id: 1 });
    await toItems(db, 'leases').insertOne({ _id: 'mine' });
    await toItems(db).insertMany(Array.from({ length: 100 }, (_, index) => ({ _id: index })));
    await pair.untilEqual('items');
    const names = (await pair.backup.db.listCollections().toArray()).map(({ name }) => name).sort();
    expect(names).toEqual(['items', 'leases', 'resume_tokens']);
    expect(await toItems(pair.backup.db, 'leases').findOne({ _id: 'mine' })).toBeNull();
    expect((await pair.position())?.seq).toBeGreaterThanOrEqual(10);
  });

  test.each(SYNC_OPLOG)(
    '7: each operation is counted once, merged ones too, and a quiet primary adds none (SYNC_OPLOG=%s)',
    async (SYNC_OPLOG) => {
      const pair = open();
      await pair.startActive({ SYNC_OPLOG, SYNC_WORKER_INTERVAL: 300 });
      const items = toItems(pair.primary.db);
      await items.insertMany(Array.from({ length: 50 }, (_, index) => ({ _id: index })));
      await items.updateMany({ _id: { $lt: 10 } }, { $set: { changed: true } });
      await items.deleteMany({ _id: { $gte: 45 } });
      await vi.waitFor(async () => {
        expect(await readTotals(pair)).toMatchObject({ succeeded: 65, failed: 0, conflicts: 0 });
      }, PATIENCE);
      const states = createSyncStates(pair.primary);
      const writes = await states.countWrites();
      await vi.waitFor(async () => expect(await states.countWrites()).toBeGreaterThan(writes + 5), PATIENCE);
      expect((await states.read())?.state).toMatchObject({
        ...{ state: 'active', pending: 0, lagSeconds: 0, totals: { succeeded: 65 } },
      });
      expect(await readTotals(pair)).toMatchObject({ succeeded: 65, failed: 0 });
    },
  );

  test('13, 14, 15: inserts, updates and deletes that are copied a second time change nothing', async () => {
    const pair = open();
    const first = await pair.startActive();
    const items = toItems(pair.primary.db);
    await items.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
    await pair.untilEqual('items');
    const before = await pair.position();
    await items.insertOne({ _id: 4 });
    await items.updateOne({ _id: 1 }, { $set: { changed: true } });
    await items.deleteOne({ _id: 2 });
    await items.deleteOne({ _id: 3 });
    await items.insertOne({ _id: 3, again: true });
    await pair.untilEqual('items');
    await first.stop();
    await toItems(pair.backup.db, 'resume_tokens').updateOne(
      { _id: 'position' },
      { $set: { start: before?.start } },
    );
    const second = await pair.startActive();
    await toItems(pair.primary.db, 'after').insertOne({ _id: 1 });
    await pair.untilEqual('items', 'after');
    expect(second.asked).toEqual([]);
    expect(await readTotals(pair)).toMatchObject({ succeeded: 3 + 2 * 5 + 1, failed: 0, conflicts: 0 });
  });

  test('two documents that swap a unique value arrive, also at a backup that was in use', async () => {
    const pair = open();
    await toItems(pair.backup.db).createIndex({ name: 1 }, { unique: true });
    await pair.startActive();
    const items = toItems(pair.primary.db);
    await items.createIndex({ name: 1 }, { unique: true });
    await items.insertMany([
      { _id: 1, name: 'a' },
      { _id: 2, name: 'b' },
    ]);
    await pair.untilEqual('items');
    await items.updateOne({ _id: 1 }, { $set: { name: 'c' } });
    await items.updateOne({ _id: 2 }, { $set: { name: 'a' } });
    await items.updateOne({ _id: 1 }, { $set: { name: 'b' } });
    await pair.untilEqual('items');
  });

  test('a document that is made again by an equal id, with numbers of another type in it, arrives', async () => {
    const pair = open();
    await pair.startActive({ SYNC_WORKER_INTERVAL: 300 });
    const items = pair.primary.db.collection<{ readonly _id: { readonly a: Int32 | Double } }>('items');
    await items.insertOne({ _id: { a: new Int32(1) } });
    await pair.untilEqual('items');
    await items.deleteOne({ _id: { a: new Int32(1) } });
    await items.insertOne({ _id: { a: new Double(1) } });
    await pair.untilEqual('items');
  });

  test('a backup that was in use deletes nothing by itself', async () => {
    const pair = open();
    const items = toItems(pair.backup.db);
    await items.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
    await items.createIndex({ name: 1 });
    await pair.startActive();
    expect((await items.indexes()).map(({ name }) => name)).toEqual(['_id_', 'name_1']);
  });

  test('a new document that stands on the backup with other content is overwritten, and counted', async () => {
    const pair = open();
    await pair.startActive();
    await toItems(pair.backup.db).insertMany([
      { _id: 1, from: 'elsewhere' },
      { _id: 2, same: true },
    ]);
    await toItems(pair.primary.db).insertMany([
      { _id: 1, from: 'here' },
      { _id: 2, same: true },
    ]);
    await pair.untilEqual('items');
    expect(await readTotals(pair)).toMatchObject({ succeeded: 2, conflicts: 1 });
  });

  test('new documents are inserted, and replaced once the backup has one of them already', async () => {
    const { backup } = open();
    const writer = await openBulkWriter(backup);
    const items = toItems(backup.db);
    const write = (ids: readonly number[]) =>
      writer.write({
        ...{ failed: 0, createdMs: 0, countsConflicts: true },
        writes: ids.map((id) => ({
          ...{ collection: 'items', id, key: `n${id}`, changes: 1, isNew: true, mayDelete: false },
          document: { _id: id, from: 'here' },
        })),
      });
    const writing = { ns: items.namespace, op: { $in: ['insert', 'update'] } };
    const readKinds = () => backup.db.collection('system.profile').distinct('op', writing);
    await backup.db.command({ profile: 2 });
    expect(await write([1, 2])).toEqual({ kind: 'written', conflicts: 0 });
    expect(await readKinds()).toEqual(['insert']);
    await backup.db.command({ profile: 0 });
    await items.insertOne({ _id: 4, from: 'elsewhere' });
    expect(await write([3, 4])).toEqual({ kind: 'written', conflicts: 1 });
    await backup.db.collection('system.profile').drop();
    await backup.db.command({ profile: 2 });
    expect(await write([5])).toEqual({ kind: 'written', conflicts: 0 });
    expect(await readKinds()).toEqual(['update']);
    await backup.db.command({ profile: 0 });
    const found = await items.find().sort({ _id: 1 }).toArray();
    expect(found).toEqual([1, 2, 3, 4, 5].map((_id) => ({ _id, from: 'here' })));
    await writer.close();
  });

  test('what full syncs hand over is copied as it is, and deleted where it is gone', async () => {
    const pair = open();
    const replicator = await pair.startActive();
    await toItems(pair.backup.db).insertMany([{ _id: 1, extra: true }, { _id: 2 }]);
    expect(await replicator.active()?.applyIds('items', [1, new Int32(3)], 'delete')).toMatchObject({
      synced: 2,
      refused: 0,
    });
    expect(await toItems(pair.backup.db).find().toArray()).toEqual([{ _id: 2 }]);
    expect(await replicator.active()?.listCollections()).toEqual(['items']);
  });

  test('what full syncs and retries hand over stays where it is gone and nobody deleted it', async () => {
    const pair = open();
    const replicator = await pair.startActive();
    await toItems(pair.primary.db).insertOne({ _id: 2 });
    await pair.untilEqual('items');
    await toItems(pair.backup.db).insertOne({ _id: 1 });
    const handedOver = await replicator.active()?.applyIds('items', [1, 3], 'keep');
    expect(handedOver).toMatchObject({ synced: 2, refused: 0 });
    // The same number in another type names the same document, which is there.
    const sameNumber = [Decimal128.fromString('2')];
    expect(await replicator.active()?.applyIds('items', sameNumber, 'delete')).toMatchObject({ refused: 0 });
    expect(await toItems(pair.backup.db).find().sort({ _id: 1 }).toArray()).toEqual([{ _id: 1 }, { _id: 2 }]);
  });
});

describe('two replicators', () => {
  test('one works, and the other takes over at once when it ends', async () => {
    const pair = open();
    const first = await pair.startActive();
    const second = pair.start();
    await toItems(pair.primary.db).insertOne({ _id: 1 });
    await pair.untilEqual('items');
    expect(second.active()).toBeUndefined();
    const before = first.active();
    await first.stop();
    expect(first.lines.filter(({ msg }) => msg === 'lease.lost')).toEqual([]);
    await second.waitForLine('replicator.active');
    expect(second.active()?.fence).toBeGreaterThan(before?.fence ?? 0);
    await expect(before?.applyIds('items', [1], 'keep')).rejects.toThrow(LeaseLostError);
    await toItems(pair.primary.db).insertOne({ _id: 2 });
    await pair.untilEqual('items');
  });

  test('one that slept through its lease can write nothing', async () => {
    const { backup } = open();
    const old = await openBulkWriter(backup);
    const bulk = { failed: 0, createdMs: 0, countsConflicts: false };
    const toWrite = (id: number) => ({
      ...{
        collection: 'items',
        id,
        key: `n${id}`,
        changes: 1,
        isNew: true,
        mayDelete: false,
        document: { _id: id },
      },
    });
    expect(await old.write({ ...bulk, writes: [toWrite(1)] })).toEqual({ kind: 'written', conflicts: 0 });
    const next = await openBulkWriter(backup);
    await expect(old.write({ ...bulk, writes: [toWrite(2)] })).rejects.toThrow(LeaseLostError);
    await next.write({ ...bulk, writes: [toWrite(3)] });
    expect(await toItems(backup.db).find().toArray()).toEqual([{ _id: 1 }, { _id: 3 }]);
    expect(next.position().totals.succeeded).toBe(2);
    await Promise.all([old.close(), next.close()]);
  });
});

describe('a backup that is away', () => {
  test('1, 5, 12: keeps no write waiting, is told of, and gets all of it later', async () => {
    const pair = open();
    const replicator = await pair.startActive();
    const items = toItems(pair.primary.db);
    await items.insertOne({ _id: 'before' });
    await pair.untilEqual('items');
    await server.freeze();
    const startedMs = performance.now();
    for (let index = 0; index < 200; index += 1) await items.insertOne({ _id: index });
    expect(performance.now() - startedMs).toBeLessThan(5000);
    const states = createSyncStates(pair.primary);
    await vi.waitFor(async () => expect((await states.read())?.state.state).toBe('away'), PATIENCE);
    await replicator.waitForLine('backup.away');
    server.thaw();
    await pair.untilEqual('items');
    await server.kill();
    await items.insertMany(Array.from({ length: 200 }, (_, index) => ({ _id: 1000 + index })));
    await items.deleteMany({ _id: { $lt: 100 } });
    await server.restart();
    await pair.untilEqual('items');
    await vi.waitFor(async () => expect((await states.read())?.state.state).toBe('active'), PATIENCE);
    expect(await readTotals(pair)).toMatchObject({ succeeded: 501, failed: 0, conflicts: 0 });
    expect(replicator.asked).toEqual(['first-sync']);
  });
});
