import type { FullSyncDocument } from '@sluice/contracts/full-sync';
import { createFullSyncStore } from '@sluice/store/full-syncs';
import { assertMigrated, migrate } from '@sluice/store/migrate';
import { createSyncFailures } from '@sluice/store/sync-failures';
import { createSyncStates } from '@sluice/store/sync-state';
import type { Document } from 'mongodb';
import { describe, expect, it, vi } from 'vitest';
import { read, startPair, toFound } from './backup-pair.ts';

const pair = await startPair({ isOnOwnServer: true });
const { primary, backup, store } = pair;
const PATIENCE = { timeout: 25_000, interval: 20 };
let replicator = pair.startOne();
await pair.ended();

async function insert(name: string, documents: readonly Document[]): Promise<void> {
  await primary.db.collection(name).insertMany(documents.map((one) => ({ ...one })));
  await pair.converged(name);
}

describe('a backup', () => {
  it('leaves excluded collections alone', async () => {
    await replicator.stop();
    replicator = pair.startOne({ excluded: ['secret'] });
    await primary.db.collection('secret').insertOne({ _id: 'x' as never });
    await backup.db.collection('secret').insertOne({ _id: 'y' as never });
    const sync = await pair.run({ deletes: 'all' });
    expect(sync.collections.map(({ name }) => name)).not.toContain('secret');
    expect(await backup.db.collection('secret').find().toArray()).toEqual([{ _id: 'y' }]);
    await replicator.stop();
    replicator = pair.startOne();
    // It is copied from now on, for which a full sync is asked for by itself.
    await vi.waitFor(async () => {
      expect(await backup.db.collection('secret').countDocuments()).toBe(2);
    }, PATIENCE);
    await pair.settled();
  });

  it('lets the backup take the place of the primary, and the other way round', async () => {
    const { here, there } = pair.sides('swapped');
    await here.createIndex({ v: 1 }, { unique: true });
    await insert('swapped', [{ _id: 'a', v: 7 } as Document, { _id: 'b', v: 1 } as Document]);
    const rejections = pair.sides('rejections');
    await migrate(primary, 30_000);
    await insert('rejections', [{ _id: 'before' } as Document]);
    await replicator.stop();
    // What the primary had written last has not reached the backup.
    await here.insertOne({ _id: 'late' as never, v: 8 });
    await rejections.here.insertOne({ _id: 'late' as never });
    await Promise.all([migrate(backup, 30_000), migrate(backup, 30_000)]);
    await assertMigrated(backup);
    // MongoDB limits the size of this one, and no transaction may write to it.
    expect(await rejections.there.isCapped()).toBe(true);
    expect(await rejections.there.indexes()).toHaveLength((await rejections.here.indexes()).length);
    await rejections.there.insertOne({ _id: 'after' as never });
    await there.updateOne({ _id: 'a' as never }, { $set: { v: 9 } });
    replicator = pair.startOne({ isReversed: true });
    const reversed = createFullSyncStore(backup);
    const first = await vi.waitFor(async () => {
      const { last } = await reversed.findLast();
      const isIt =
        last?.reason === 'The backup is new.' && last.collections.some(({ name }) => name === 'swapped');
      if (!isIt || last.state !== 'done') throw new Error('It is not over yet.');
      return last;
    }, PATIENCE);
    expect(toFound(first, 'swapped')).toMatchObject({ extra: 1, unequal: 1 });
    expect(await here.find({}, { sort: { _id: 1 } }).toArray()).toMatchObject([
      { v: 9 },
      { v: 1 },
      { _id: 'late' },
    ]);
    await pair.converged('rejections');
    await rejections.there.insertOne({ _id: 'later' as never });
    await pair.converged('rejections');
    expect(await createSyncFailures(backup).count()).toEqual({ retrying: 0, dead: 0 });
    await pair.settled({ isReversed: true });
    await pair.begin({ deletes: 'all' }, { isReversed: true });
    await pair.converged('swapped');
    await pair.settled({ isReversed: true });
    await replicator.stop();
    replicator = pair.startOne();
    await pair.settled();
  });

  it('ends a full sync that was begun in the other direction, which might delete what the old primary alone has', async () => {
    const { here } = pair.sides('halted');
    const operations = backup.db.collection<FullSyncDocument>('operations');
    await insert(
      'halted',
      Array.from({ length: 3000 }, (_, n) => ({ _id: n as never })),
    );
    const begun = await pair.begin({ deletes: 'all', ratePerSecond: 100 });
    await vi.waitFor(async () => {
      expect(await operations.findOne({ _id: begun._id })).toMatchObject({ state: 'running' });
    }, PATIENCE);
    await replicator.stop();
    await here.insertOne({ _id: 'late' as never });
    // The fence as the runbook has it; nothing else is to keep it from going on.
    await operations.updateMany({ fence: { $gt: 0 } }, { $set: { fence: 0, ratePerSecond: 1_000_000 } });
    replicator = pair.startOne({ isReversed: true });
    // The one that is made by itself, because the backup is new, is over as well.
    await pair.settled({ isReversed: true });
    expect(await here.countDocuments({ _id: 'late' as never })).toBe(1);
    expect(await operations.findOne({ _id: begun._id })).toMatchObject({ state: 'failed' });
    await pair.begin({ deletes: 'all' }, { isReversed: true });
    await pair.converged('halted');
    await pair.settled({ isReversed: true });
    await replicator.stop();
    replicator = pair.startOne();
    await pair.settled();
  });

  it('says why it does not get beyond its start', async () => {
    await replicator.stop();
    await backup.db.renameCollection('resume_tokens', 'kept_tokens');
    await backup.db.createCollection('resume_tokens', { viewOn: 'kept_tokens', pipeline: [] });
    replicator = pair.startOne();
    const states = createSyncStates(primary);
    await vi.waitFor(async () => {
      const { state } = (await states.read()) ?? {};
      expect(state).toMatchObject({ state: 'starting', reason: expect.stringContaining('is a view') });
    }, PATIENCE);
    await backup.db.dropCollection('resume_tokens');
    await backup.db.renameCollection('kept_tokens', 'resume_tokens');
    await vi.waitFor(async () => {
      expect((await states.read())?.state).toMatchObject({ state: 'active', reason: null });
    }, PATIENCE);
    await pair.settled();
  });

  it('leaves the backup as it is when the primary comes back empty, until somebody adopts it', async () => {
    await insert('kept', [{ _id: 'a', v: 1 } as Document]);
    await replicator.stop();
    const before = await read(backup.db, 'kept');
    await primary.db.dropDatabase();
    await primary.db.collection('kept').insertOne({ _id: 'new' as never });
    replicator = pair.startOne();
    const tokens = primary.db.collection('resume_tokens');
    await vi.waitFor(async () => {
      expect(await tokens.findOne({ _id: 'state' as never })).toMatchObject({ state: 'blocked' });
    }, PATIENCE);
    const asked = await pair.begin({ deletes: 'all' });
    await vi.waitFor(async () => {
      const state = await tokens.findOne({ _id: 'state' as never });
      expect(state).toMatchObject({ state: 'blocked' });
      expect(Number(state?.['updatedAt'])).toBeGreaterThan(Number(asked.createdAt) + 500);
    }, PATIENCE);
    expect(await store.findLive()).toMatchObject({ _id: asked._id, state: 'planned' });
    expect(await read(backup.db, 'kept')).toEqual(before);
    await store.change('cancelled', 'Cancelled by test.', new Date());
    await pair.run({ adoptDataset: true, deletes: 'all' });
    expect(await read(backup.db, 'kept')).toEqual(await read(primary.db, 'kept'));
  });
});
