import { createRandom } from '@sluice/local/random';
import { createTestNames } from '@sluice/local/test-names';
import { startOwnMongo } from '@sluice/local/test-servers';
import { Binary, BSON, type Db, type Document, Int32, type Timestamp } from 'mongodb';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startApplyLoop } from '../src/apply-loop.ts';
import { readClusterTime } from '../src/changes/cluster-time.ts';
import { createPendingChanges } from '../src/pending-changes.ts';
import { type PositionDocument, toPositions } from '../src/position.ts';
import { openBulkWriter } from '../src/write-bulk.ts';
import { openPair, type Pair, SYNC_OPLOG, startBackups, toItems } from './pair.ts';

const { seed, database: prefix } = createTestNames();
const { server, open } = await startBackups(prefix);
const PATIENCE = { timeout: 20_000, interval: 20 };
const MIB = 1024 * 1024;

/** Writes in one transaction of the primary. */
async function inTransaction(
  { primary }: Pair,
  work: (
    db: Db,
    options: { readonly session: ReturnType<typeof primary.client.startSession> },
  ) => Promise<void>,
): Promise<void> {
  await using session = primary.client.startSession();
  await session.withTransaction(() => work(primary.db, { session }));
}

/** Gathers what a collection of the backup becomes from now on. */
async function watch<Item extends Document>({ backup }: Pair, name: string) {
  const seen: { readonly at: Timestamp; readonly id: unknown; readonly document: Item | undefined }[] = [];
  const stream = backup.db.collection<Item>(name).watch();
  stream.on('change', (change) => {
    if (!('documentKey' in change) || change.clusterTime === undefined) return;
    const document = 'fullDocument' in change ? (change.fullDocument as Item | undefined) : undefined;
    seen.push({ at: change.clusterTime, id: change.documentKey._id, document });
  });
  onTestFinished(() => stream.close());
  await vi.waitFor(() => expect(stream.resumeToken).toBeDefined(), PATIENCE);
  return seen;
}

/** Tells of each bulk whether the backup was what the primary was at one time behind it. */
function toStates(positions: Awaited<ReturnType<typeof watch<PositionDocument>>>): readonly boolean[] {
  return positions.flatMap(({ document }) => (document?.readTo ? [isOneState(document)] : []));
}

/** Tells whether the backup is what the primary was at one time. */
function isOneState({ appliedTo, readTo }: Pick<PositionDocument, 'appliedTo' | 'readTo'>): boolean {
  return readTo !== null && (appliedTo?.greaterThanOrEqual(readTo) ?? false);
}

describe('what one transaction wrote', () => {
  test.each(SYNC_OPLOG)(
    'reaches the backup in one, however few documents a bulk has (SYNC_OPLOG=%s)',
    async (SYNC_OPLOG) => {
      const pair = open();
      await pair.startActive({ SYNC_OPLOG, SYNC_BATCH_SIZE: 10 });
      const items = toItems(pair.primary.db);
      const parts = Array.from({ length: 205 }, (_, index) => ({ _id: index }));
      await items.insertMany([{ _id: 'sum', of: 0 }, ...parts]);
      await pair.untilEqual('items');
      const seen = await watch(pair, 'items');
      await inTransaction(pair, async (db, options) => {
        await toItems(db).updateOne({ _id: 'sum' }, { $set: { of: 205 } }, options);
        await toItems(db).deleteMany({ _id: { $ne: 'sum' } }, options);
      });
      await items.insertOne({ _id: 'later' });
      await vi.waitFor(() => expect(seen).toHaveLength(207), PATIENCE);
      const times = seen.filter(({ id }) => id !== 'later').map(({ at }) => at.toBigInt());
      expect(new Set(times).size).toBe(1);
    },
  );

  test.each(SYNC_OPLOG)(
    'never shows in part, whatever changes again until it is copied (SYNC_OPLOG=%s)',
    async (SYNC_OPLOG) => {
      const random = createRandom(seed, 'transfers');
      const pair = open();
      const first = await pair.startActive({ SYNC_OPLOG });
      const accounts = Array.from({ length: 20 }, (_, _id) => ({ _id, has: 100 }));
      await toItems(pair.primary.db).insertMany(accounts);
      await pair.untilEqual('items');
      await first.stop();
      for (let count = 0; count < 300; count += 1) {
        await inTransaction(pair, async (db, options) => {
          const [from, to] = random.shuffle(accounts);
          const items = db.collection<(typeof accounts)[number]>('items');
          await items.updateOne({ _id: from?._id ?? 0 }, { $inc: { has: -1 } }, options);
          await items.updateOne({ _id: to?._id ?? 0 }, { $inc: { has: 1 } }, options);
        });
      }
      const sums = new Set<number>();
      let isDone = false;
      const reading = (async () => {
        while (!isDone) {
          const found = await toItems(pair.backup.db).find({}, { readConcern: 'snapshot' }).toArray();
          sums.add(found.reduce((sum, { has }) => sum + Number(has), 0));
        }
      })();
      const positions = await watch<PositionDocument>(pair, 'resume_tokens');
      await pair.startActive({ SYNC_OPLOG, SYNC_BATCH_SIZE: 7 });
      await pair.untilEqual('items');
      isDone = true;
      await reading;
      expect([...sums]).toEqual([2000]);
      expect(toStates(positions).length).toBeGreaterThan(40);
      expect(toStates(positions)).not.toContain(false);
    },
  );

  test('goes in several bulks when it is larger than one may be, and the position tells', async () => {
    const pair = open();
    await pair.startActive();
    const positions = await watch<PositionDocument>(pair, 'resume_tokens');
    await inTransaction(pair, async (db, options) => {
      const bytes = new Binary(Buffer.alloc(MIB));
      await toItems(db).insertMany(
        Array.from({ length: 20 }, (_, _id) => ({ _id, bytes })),
        options,
      );
    });
    await pair.untilEqual('items');
    await vi.waitFor(() => expect(toStates(positions).slice(-3)).toEqual([false, false, true]), PATIENCE);
  });
});

describe('a feed that is further behind than the primary remembers', () => {
  test('copies documents as they are now, until it has come there', async () => {
    const own = await startOwnMongo();
    onTestFinished(() => own.stop());
    const pair = openPair({ primary: own.url, backup: server.url }, prefix);
    const first = await pair.startActive();
    const items = toItems(pair.primary.db);
    await items.insertMany([{ _id: 1 }, { _id: 2 }]);
    await pair.untilEqual('items');
    await first.stop();
    for (let count = 0; count < 50; count += 1) {
      await inTransaction(pair, async (db, options) => {
        await toItems(db).updateMany({}, { $set: { count } }, options);
      });
    }
    // No snapshot reaches back behind a collection's change as a whole, nor behind what the server keeps.
    await pair.primary.client.db('admin').command({ setParameter: 1, minSnapshotHistoryWindowInSeconds: 0 });
    await items.createIndex({ count: 1 });
    const positions = await watch<PositionDocument>(pair, 'resume_tokens');
    await pair.startActive({ SYNC_BATCH_SIZE: 10 });
    await pair.untilEqual('items');
    await items.insertOne({ _id: 3 });
    await pair.untilEqual('items');
    await vi.waitFor(() => expect(toStates(positions).at(-1)).toBe(true), PATIENCE);
    expect(toStates(positions)).toContain(false);
  });
});

describe('a document that its change told', () => {
  test('is read all the same where others are copied as of another time', async () => {
    const { primary, backup } = open();
    const items = toItems(primary.db);
    await items.insertOne({ _id: 1, v: 'then' });
    const then = await readClusterTime(primary);
    await items.updateOne({ _id: 1 }, { $set: { v: 'now' } });
    const writer = await openBulkWriter(backup);
    const copy = async ({
      readTo = null,
      appliedTo,
    }: Pick<Partial<PositionDocument>, 'readTo' | 'appliedTo'>) => {
      const loop = startApplyLoop({
        ...{ primary, writer, readTo, noteRefused: async () => undefined, onApplied: () => undefined },
        ...{ onAway: () => undefined, signal: new AbortController().signal },
      });
      const pending = createPendingChanges();
      const told = BSON.serialize({ _id: 1, v: 'told' });
      pending.add({ kind: 'insert', collection: 'items', id: new Int32(1), told });
      pending.add({ kind: 'delete', collection: 'items', id: new Int32(2), told: null });
      const move = { ...writer.position(), start: { at: then }, appliedTo: appliedTo ?? null };
      await loop.applyChanges(pending.take(), move, new Date());
      await loop.stop();
      return (await toItems(backup.db).find().toArray()).map(({ _id, v }) => [_id, v]);
    };
    expect(await copy({ appliedTo: then })).toEqual([[1, 'told']]);
    // In the midst of a very large transaction.
    expect(await copy({})).toEqual([[1, 'then']]);
    await items.insertOne({ _id: 2, v: 'again' });
    expect(await copy({ appliedTo: then, readTo: await readClusterTime(primary) })).toEqual([
      [1, 'now'],
      [2, 'again'],
    ]);
    await writer.close();
  });
});

describe('a bulk that is too large for the way to the backup', () => {
  test('comes back when it takes too long, though the backup answers', async () => {
    const { backup } = open();
    const writer = await openBulkWriter(backup, 10);
    const bytes = new Binary(Buffer.alloc(MIB));
    const common = { collection: 'items', changes: 1, isNew: true, mayDelete: false };
    const writes = Array.from({ length: 30 }, (_, id) => ({
      ...common,
      id,
      key: `n${id}`,
      document: { _id: id, bytes },
    }));
    const bulk = { writes, failed: 0, createdMs: 0, countsConflicts: false };
    await expect(writer.write(bulk)).rejects.toThrow('did not answer within 10 ms');
    expect(await writer.write(bulk)).toEqual({ kind: 'slow' });
    await writer.close();
    expect(await toItems(backup.db).countDocuments()).toBe(0);
  });

  test('is written in parts', async () => {
    const { primary, backup } = open();
    await toItems(primary.db).insertMany(Array.from({ length: 20 }, (_, _id) => ({ _id })));
    const writer = await openBulkWriter(backup);
    const sizes: number[] = [];
    const loop = startApplyLoop({
      ...{ primary, readTo: null, noteRefused: async () => undefined, onApplied: () => undefined },
      ...{ onAway: () => undefined, signal: new AbortController().signal },
      writer: {
        ...writer,
        async write(bulk) {
          if (bulk.writes.length > 6) return { kind: 'slow' };
          sizes.push(bulk.writes.length);
          return writer.write(bulk);
        },
      },
    });
    const pending = createPendingChanges();
    for (let id = 0; id < 20; id += 1)
      pending.add({ kind: 'insert', collection: 'items', id: new Int32(id) });
    const move = { ...writer.position(), start: { at: await readClusterTime(primary) } };
    expect(await loop.applyChanges(pending.take(), move, new Date())).toMatchObject({
      synced: 20,
      refused: 0,
    });
    await loop.stop();
    expect(sizes).toEqual([5, 5, 5, 5, 0]);
    expect(await toItems(backup.db).countDocuments()).toBe(20);
    expect((await toPositions(backup).findOne({ _id: 'position' }))?.totals).toMatchObject({ succeeded: 20 });
    await writer.close();
  });
});
