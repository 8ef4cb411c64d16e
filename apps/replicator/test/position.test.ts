import { createTestNames } from '@sluice/local/test-names';
import { createLeases } from '@sluice/store/leases';
import { createSyncStates } from '@sluice/store/sync-state';
import { describe, expect, inject, test, vi } from 'vitest';
import { type Item, openPair, type Pair, readTotals, SYNC_OPLOG, toItems } from './pair.ts';

const { database: prefix } = createTestNames();
const PATIENCE = { timeout: 10_000, interval: 20 };

function open(): Pair {
  return openPair({ primary: inject('mongoUrl'), backup: inject('mongoUrl') }, prefix);
}

describe('where it goes on', () => {
  test.each([
    ['the oplog', 'off', 'on'],
    ['a change stream', 'on', 'off'],
  ] as const)(
    '12: a replicator that was stopped goes on where the backup is, from %s too',
    async (_what, before, after) => {
      const pair = open();
      const first = await pair.startActive({ SYNC_OPLOG: before });
      const items = toItems(pair.primary.db);
      await items.insertOne({ _id: 1 });
      await pair.untilEqual('items');
      await first.stop();
      await items.insertOne({ _id: 2 });
      await items.deleteOne({ _id: 1 });
      const second = await pair.startActive({ SYNC_OPLOG: after });
      await pair.untilEqual('items');
      expect(second.asked).toEqual([]);
      expect(await readTotals(pair)).toMatchObject({ succeeded: 3, conflicts: 0 });
    },
  );

  test.each([
    ['a token that is unreadable', { start: { after: '82FFFF' } }],
    ['another primary', { origin: 'another' }],
    ['a primary that knows less than the backup', { anchor: 1_000_000 }],
  ])('12: %s asks for a full sync once, and goes on from now', async (_what, changed) => {
    const pair = open();
    const first = await pair.startActive();
    const items = toItems(pair.primary.db);
    await items.insertOne({ _id: 1 });
    await pair.untilEqual('items');
    await first.stop();
    await pair.backup.db.collection<Item>('resume_tokens').updateOne({ _id: 'position' }, { $set: changed });
    const second = await pair.startActive();
    expect(second.asked).toEqual(['position-lost']);
    await items.insertOne({ _id: 2 });
    await pair.untilEqual('items');
    await second.stop();
    const third = await pair.startActive();
    expect(third.asked).toEqual([]);
  });

  test('12: a primary that is restored to an earlier day while the replicator lives asks for a full sync', async () => {
    const pair = open();
    const replicator = await pair.startActive();
    const { db } = pair.primary;
    await toItems(db).insertOne({ _id: 1 });
    await pair.untilEqual('items');
    // It had told its state less often then; and the stream breaks, here because a collection is dropped.
    await toItems(db, 'resume_tokens').updateOne({ _id: 'state' }, { $set: { writes: -1000 } });
    const states = createSyncStates(pair.primary);
    await vi.waitFor(async () => expect(await states.countWrites()).toBeGreaterThan(-1000), PATIENCE);
    await toItems(db, 'others').insertOne({ _id: 1 });
    await db.dropCollection('others');
    await vi.waitFor(() => expect(replicator.asked).toContain('position-lost'), PATIENCE);
    await vi.waitFor(
      () => expect(replicator.lines.filter(({ msg }) => msg === 'replicator.active')).toHaveLength(2),
      PATIENCE,
    );
    await toItems(db).insertOne({ _id: 2 });
    await pair.untilEqual('items');
    expect(replicator.asked.filter((reason) => reason === 'position-lost')).toHaveLength(1);
  });

  test('12: a primary that is restored while no replicator can be active asks for a full sync, however long that lasts', async () => {
    const pair = open();
    const instance = 'replicator';
    const first = await pair.startActive({}, { instance });
    await toItems(pair.primary.db).insertOne({ _id: 1 });
    await pair.untilEqual('items');
    await first.stop();
    const { anchor = 0 } = (await pair.position()) ?? {};
    const states = toItems(pair.primary.db, 'resume_tokens');
    await states.updateOne({ _id: 'state' }, { $set: { writes: anchor - 3 } });
    const leases = createLeases(pair.backup);
    const lease = await leases.acquire('replicator', 'another', 60_000);
    if (lease === null) throw new Error('The lease is not free.');
    const second = pair.start({}, { instance });
    const startedMs = Date.now();
    await vi.waitFor(async () => {
      const told = await states.findOne({ _id: 'state' });
      expect(Number(told?.['updatedAt'])).toBeGreaterThan(startedMs + 1500);
    }, PATIENCE);
    await leases.release(lease);
    await second.waitForLine('replicator.active');
    expect(second.asked).toEqual(['position-lost']);
  });

  test('a change that is too large to be told of, for its _id, asks for a full sync', async () => {
    const pair = open();
    // The oplog names it once or twice.
    const replicator = await pair.startActive({ SYNC_OPLOG: 'off' });
    const items = toItems(pair.primary.db);
    await items.insertOne({ _id: 'x'.repeat(6 * 1024 * 1024) });
    await vi.waitFor(() => expect(replicator.asked).toEqual(['first-sync', 'position-lost']), PATIENCE);
    await vi.waitFor(async () => {
      await items.updateOne({ _id: 'later' }, { $set: { at: new Date() } }, { upsert: true });
      expect(await toItems(pair.backup.db).countDocuments({ _id: 'later' })).toBe(1);
    }, PATIENCE);
    expect(replicator.asked).toHaveLength(2);
  });

  test.each(SYNC_OPLOG)(
    'documents of a collection that was dropped before their changes were copied stay on the backup (SYNC_OPLOG=%s)',
    async (SYNC_OPLOG) => {
      const pair = open();
      const first = await pair.startActive({ SYNC_OPLOG });
      const items = toItems(pair.primary.db);
      await items.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
      await pair.untilEqual('items');
      await first.stop();
      await items.updateMany({}, { $set: { changed: true } });
      await items.deleteOne({ _id: 3 });
      await pair.primary.db.dropCollection('items');
      await pair.startActive({ SYNC_OPLOG });
      await toItems(pair.primary.db, 'after').insertOne({ _id: 1 });
      await pair.untilEqual('after');
      expect(await toItems(pair.backup.db).find().sort({ _id: 1 }).toArray()).toEqual([
        { _id: 1 },
        { _id: 2 },
      ]);
    },
  );

  test.each(SYNC_OPLOG)(
    'a collection that is dropped or renamed stays on the backup, and a full sync is asked for (SYNC_OPLOG=%s)',
    async (SYNC_OPLOG) => {
      const pair = open();
      const replicator = await pair.startActive({ SYNC_OPLOG });
      const { db } = pair.primary;
      await toItems(db).insertOne({ _id: 1 });
      await toItems(db, 'others').insertOne({ _id: 1 });
      await pair.untilEqual('items', 'others');
      await db.dropCollection('items');
      await toItems(db, 'others').rename('renamed');
      await toItems(db, 'after').insertOne({ _id: 1 });
      await pair.untilEqual('after');
      expect(replicator.asked).toEqual(['first-sync', 'collections-changed', 'collections-changed']);
      expect(await toItems(pair.backup.db).countDocuments()).toBe(1);
    },
  );

  test.each(SYNC_OPLOG)(
    'a primary that was emptied changes nothing on the backup until a person says so (SYNC_OPLOG=%s)',
    async (SYNC_OPLOG) => {
      const pair = open();
      let isAdoptionAsked = false;
      const replicator = await pair.startActive({ SYNC_OPLOG }, { isAdoptionAsked: () => isAdoptionAsked });
      await toItems(pair.primary.db).insertOne({ _id: 1 });
      await pair.untilEqual('items');
      await pair.primary.db.dropDatabase();
      await replicator.waitForLine('replicator.blocked');
      await toItems(pair.primary.db).insertOne({ _id: 2 });
      await vi.waitFor(async () => {
        const read = await createSyncStates(pair.primary).read();
        expect(read?.state).toMatchObject({
          state: 'blocked',
          reason: expect.stringContaining('adoptDataset'),
        });
      }, PATIENCE);
      expect(await toItems(pair.backup.db).find().toArray()).toEqual([{ _id: 1 }]);
      isAdoptionAsked = true;
      await toItems(pair.primary.db).insertOne({ _id: 3 });
      await vi.waitFor(() => expect(replicator.asked).toContain('position-lost'), PATIENCE);
      await vi.waitFor(async () => {
        await toItems(pair.primary.db).updateOne({ _id: 3 }, { $set: { at: new Date() } });
        expect(await toItems(pair.backup.db).countDocuments()).toBe(2);
      }, PATIENCE);
      expect(await toItems(pair.backup.db).countDocuments({ _id: 1 })).toBe(1);
    },
  );
});
