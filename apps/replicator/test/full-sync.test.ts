import type { FullSyncDocument } from '@sluice/contracts/full-sync';
import { createRandom } from '@sluice/local/random';
import { toOwnFullSync } from '@sluice/store/full-syncs';
import {
  type AnyBulkWriteOperation,
  Binary,
  BSON,
  Code,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { read, startPair, toFound } from './backup-pair.ts';

const pair = await startPair();
const { primary, backup, names, store } = pair;
const PATIENCE = { timeout: 25_000, interval: 20 };
/** The document that tells how many bulks are on the backup, and how many more a writer may be ahead. */
const MARK = { _id: 'mark' } as Document;
const AHEAD = 5;
let replicator = pair.startOne();

/** Every type that an `_id` can have. */
const IDS: readonly unknown[] = [
  ...[new MinKey(), new MaxKey(), null, true, false, new Double(-1.5), new Double(3), new Int32(4)],
  ...[Long.fromString('9007199254740993'), Decimal128.fromString('5.25'), '', 'a', 'b\0c', 'é'],
  ...[{}, { a: 1 }, { a: 1, b: { c: null } }, new Binary(Buffer.from('x')), new Binary(Buffer.from('x'), 4)],
  ...[
    new ObjectId(),
    new Date(0),
    new Date(1e12),
    new Timestamp({ t: 1, i: 2 }),
    new Code('f()'),
    new BSON.BSONSymbol('s'),
  ],
];

async function insert(name: string, documents: readonly Document[]): Promise<void> {
  await primary.db.collection(name).insertMany(documents.map((one) => ({ ...one })));
  await pair.converged(name);
}

function toText(id: unknown): string {
  return BSON.EJSON.stringify(id, { relaxed: false });
}

describe('a full sync', () => {
  // The one that every new backup begins with: each test can be run alone.
  beforeAll(() => pair.ended());

  afterEach(async () => {
    for (const name of ['types', 'many', 'few', 'named']) await primary.db.collection(name).deleteMany({});
  });

  it('runs by itself for a new backup, without questions', async () => {
    const sync = await pair.ended();
    expect(sync).toMatchObject({ actor: 'replicator', mode: 'copy', deletes: 'none', state: 'done' });
    expect(await store.findAsked()).toBeNull();
  });

  it('8: finds what is missing, extra and unequal among ids of all types, and mends exactly that', async () => {
    await insert(
      'types',
      IDS.map((_id) => ({ _id, a: 1, b: [2, { c: 3 }] })),
    );
    const { there } = pair.sides('types');
    const random = createRandom(names.seed, 'types');
    const expected: string[] = [];
    const documents = await there.find({}, { promoteValues: false, promoteBuffers: false }).toArray();
    for (const { _id } of documents) {
      const choice = random.whole(0, 3);
      if (choice === 0) {
        await there.deleteOne({ _id });
        expected.push(`missing ${toText(_id)}`);
      } else if (choice === 1) {
        // The same with another order of keys.
        await there.replaceOne({ _id }, { b: [2, { c: 3 }], a: 1 });
        expected.push(`unequal ${toText(_id)}`);
      }
    }
    const extra = new ObjectId();
    await there.insertOne({ _id: extra, a: 1 });
    expected.push(`extra ${toText(extra)}`);

    const verified = await pair.run({ mode: 'verify' });
    expect(toFound(verified, 'types').ids).toEqual(expected.sort());
    expect(await there.countDocuments({ _id: extra })).toBe(1);
    const copied = await pair.run({ deletes: 'all' });
    expect(toFound(copied, 'types').ids).toEqual(expected.sort());
    expect(await read(backup.db, 'types')).toEqual(await read(primary.db, 'types'));
    expect(toFound(await pair.run({ mode: 'verify' }), 'types').ids).toEqual([]);
    // What was known to differ stays known since then.
    const [since] = verified.collections.flatMap(({ samples }) => samples.map((one) => one.since));
    expect(copied.collections.flatMap(({ samples }) => samples.map((one) => one.since))).toContainEqual(
      since,
    );
  });

  it('8: walks many ranges, also where one side has much more', async () => {
    const toDocuments = (from: number, to: number) =>
      Array.from(
        { length: to - from },
        (_, n) => ({ _id: `${from + n}`.padStart(6, '0'), v: n % 7 }) as Document,
      );
    await insert('many', [...toDocuments(0, 2500), ...toDocuments(20_000, 21_500)]);
    const { there } = pair.sides('many');
    await there.insertMany(toDocuments(3000, 9000));
    await there.deleteMany({ _id: { $gte: '000990', $lt: '001010' } as never });
    await there.updateMany({ _id: { $gte: '020999', $lt: '021001' } as never }, { $set: { v: -1 } });
    const sync = await pair.run({ mode: 'verify' });
    expect(toFound(sync, 'many')).toMatchObject({ missing: 20, extra: 6000, unequal: 2 });
    await pair.run({ deletes: 'all' });
    expect(await read(backup.db, 'many')).toEqual(await read(primary.db, 'many'));
  });

  it('deletes at most one in a thousand documents of a collection unless it is confirmed', async () => {
    await insert(
      'few',
      Array.from({ length: 2000 }, (_, n) => ({ _id: n as never })),
    );
    const { there } = pair.sides('few');
    const extras = ['x', 'y', 'z'].map((_id) => ({ _id }) as Document);
    await there.insertMany(extras);
    const refused = await pair.run();
    expect(refused.collections.find(({ name }) => name === 'few')).toMatchObject({
      extra: 3,
      kept: 3,
      deleted: 0,
    });
    expect(await there.countDocuments()).toBe(2003);
    await there.deleteOne({ _id: 'z' as never });
    const done = await pair.run();
    expect(done.collections.find(({ name }) => name === 'few')).toMatchObject({
      extra: 2,
      kept: 0,
      deleted: 2,
    });
    await there.insertMany(extras);
    const confirmed = await pair.run({ deletes: 'all' });
    expect(confirmed.collections.find(({ name }) => name === 'few')).toMatchObject({ kept: 0, deleted: 3 });
    expect(await read(backup.db, 'few')).toEqual(await read(primary.db, 'few'));
  });

  it('12: starts by itself when the position is lost, brings what is missing, and never deletes', async () => {
    await insert(
      'few',
      Array.from({ length: 1500 }, (_, n) => ({ _id: n as never })),
    );
    const { here, there } = pair.sides('few');
    await replicator.stop();
    await there.insertOne({ _id: 'extra' as never });
    await here.updateOne({ _id: 3 as never }, { $set: { changed: true } });
    await backup.db
      .collection('resume_tokens')
      .updateOne({ _id: 'position' as never }, { $set: { start: { after: '82FFFF' } } });
    replicator = pair.startOne();
    const sync = await vi.waitFor(async () => {
      const last = await pair.ended();
      expect(last.reason).toBe('The position in the changes of the primary is lost.');
      return last;
    }, PATIENCE);
    expect(await store.findAsked()).toBeNull();
    expect(sync).toMatchObject({ deletes: 'none', actor: 'replicator' });
    expect(sync.collections.find(({ name }) => name === 'few')).toMatchObject({
      copied: 1,
      extra: 1,
      kept: 1,
      deleted: 0,
    });
    expect(await there.countDocuments({ _id: 'extra' as never })).toBe(1);
    await pair.run({ deletes: 'all' });
  });

  it('is asked for again when one that copies has failed for good', async () => {
    const before = await pair.run();
    const [first] = before.collections;
    if (first === undefined) throw new TypeError('There are collections.');
    // Nobody can go on from there.
    const broken: FullSyncDocument = {
      ...{ ...before, _id: 'op_broken', createdAt: new Date(), endedAt: null, state: 'running' },
      collections: [{ ...first, state: 'comparing' }],
      position: Buffer.from('no id'),
    };
    const operations = primary.db.collection<FullSyncDocument>('operations');
    await operations.insertOne(broken);
    const sync = await vi.waitFor(async () => {
      const { last } = await store.findLast();
      expect(last).toMatchObject({ reason: 'The full sync before failed.', state: 'done' });
      return last;
    }, PATIENCE);
    expect(sync).toMatchObject({ actor: 'replicator', mode: 'copy', deletes: 'none' });
    expect(await operations.findOne({ _id: 'op_broken' })).toMatchObject({ state: 'failed' });
    expect(await store.findAsked()).toBeNull();
  });

  it('asks the primaries, because a secondary may be as late as the backup', async () => {
    await insert('named', [{ _id: 'a' } as Document]);
    const { db } = primary;
    await db.command({ profile: 2 });
    try {
      await pair.run({ mode: 'verify' });
      const found = await db
        .collection('system.profile')
        .find({ op: 'query', ns: `${db.databaseName}.named`, 'command.hint': { _id: 1 } })
        .toArray();
      expect(found).toHaveLength(1);
      // The driver writes down only what is no primary.
      expect(found[0]?.['command']).not.toHaveProperty('$readPreference');
    } finally {
      await db.command({ profile: 0 });
    }
  });

  it('compares and mends ids whose keys are numbers in any order', async () => {
    const toId = (key: string) =>
      new Map<string, unknown>([
        ['b', 1],
        [key, 1],
      ]);
    const { there } = pair.sides('types');
    const ids = ['3', '2', '1'].map((key) => ({ _id: toId(key) as never }));
    await there.insertMany(ids);
    expect(toFound(await pair.run({ mode: 'verify' }), 'types')).toMatchObject({ extra: 3 });
    await pair.run({ deletes: 'all' });
    expect(await there.countDocuments()).toBe(0);
  });

  it('keeps since when a difference is known while others are mended', async () => {
    await insert(
      'named',
      ['a', 'b'].map((_id) => ({ _id, v: 1 }) as Document),
    );
    const { there } = pair.sides('named');
    const spoil = (ids: readonly string[]) =>
      there.updateMany({ _id: { $in: ids } as never }, { $set: { v: 2 } });
    const verify = async () => {
      const sync = await pair.run({ mode: 'verify' });
      const samples = sync.collections.flatMap((progress) => progress.samples);
      return (id: string) => samples.find((sample) => sample.id === id)?.since;
    };
    await spoil(['a', 'b']);
    const first = await verify();
    expect([first('"a"'), first('"b"')]).toEqual([expect.any(Date), expect.any(Date)]);
    await pair.run({ only: { collection: 'named', ids: ['"a"'] } });
    const second = await verify();
    expect([second('"a"'), second('"b"')]).toEqual([undefined, first('"b"')]);
    // What was mended and differs again is another difference.
    await pair.run({ only: { collection: 'named', ids: ['"b"'] } });
    await spoil(['a', 'b']);
    const third = await verify();
    expect(third('"b"')?.getTime()).toBeGreaterThan(first('"b"')?.getTime() ?? Number.NaN);
    await pair.run();
  });

  it('brings documents that swapped a unique value', async () => {
    const { here, there } = pair.sides('swapped');
    await here.createIndex({ v: 1 }, { unique: true });
    await insert('swapped', [{ _id: 'a', v: 1 } as Document, { _id: 'b', v: 2 } as Document]);
    await here.updateOne({ _id: 'a' as never }, { $set: { v: 0 } });
    await here.updateOne({ _id: 'b' as never }, { $set: { v: 1 } });
    await here.updateOne({ _id: 'a' as never }, { $set: { v: 2 } });
    await pair.converged('swapped');
    await there.updateOne({ _id: 'a' as never }, { $set: { v: 1 } });
    await there.updateOne({ _id: 'b' as never }, { $set: { v: 2 } });
    expect(toFound(await pair.run(), 'swapped')).toMatchObject({ unequal: 2 });
    expect(await read(backup.db, 'swapped')).toEqual(await read(primary.db, 'swapped'));
  });

  it('9: is one at a time, and can be paused, resumed and cancelled', async () => {
    await insert(
      'types',
      Array.from({ length: 3000 }, (_, n) => ({ _id: n as never })),
    );
    // A thousand documents take ten seconds: it is never done while it is steered.
    const first = await pair.begin({ mode: 'verify', ratePerSecond: 100 });
    const other = { ...toOwnFullSync('another'), mode: 'verify' } as const;
    const untilNoted = (since: Date | undefined) =>
      vi.waitFor(async () => {
        const live = await store.findLive();
        expect(live).toMatchObject({ _id: first._id, state: 'running' });
        expect(live?.updatedAt).not.toEqual(since);
      }, PATIENCE);
    await untilNoted(first.updatedAt);
    expect(await store.create(other, new Date())).toEqual({ meets: first._id });
    expect(await store.change('paused', 'Paused by test.', new Date())).toMatchObject({ state: 'paused' });
    expect(await store.create(other, new Date())).toEqual({ meets: first._id });
    const resumed = await store.change('running', '', new Date());
    expect(resumed).toMatchObject({ state: 'running', stateReason: null });
    await untilNoted(resumed?.updatedAt);
    const cancelled = await store.change('cancelled', 'Cancelled by test.', new Date());
    expect(cancelled).toMatchObject({ state: 'cancelled' });
    expect(await store.change('paused', '', new Date())).toBeNull();
    const reason = { state: 'cancelled', stateReason: 'Cancelled by test.' };
    expect(await pair.ended(first._id)).toMatchObject(reason);
  });

  it('does not call lag corruption, whatever is written meanwhile', async () => {
    const random = createRandom(names.seed, 'busy');
    const { here, there } = pair.sides('busy');
    await insert(
      'busy',
      Array.from({ length: 500 }, (_, n) => ({ _id: n as never, v: 0 })),
    );
    let isWriting = true;
    const writing = (async () => {
      for (let n = 1; isWriting; n += 1) {
        const writes = Array.from({ length: 20 }, (): AnyBulkWriteOperation<Document> => {
          // Ids up to 400 change all the time; values go back and forth between two.
          const _id = random.whole(0, 399) as never;
          if (random.whole(0, 2) === 0) return { deleteOne: { filter: { _id } } };
          return { replaceOne: { filter: { _id }, replacement: { v: n % 2 }, upsert: true } };
        });
        await here.bulkWrite([...writes, { replaceOne: { filter: MARK, replacement: { n }, upsert: true } }]);
        // A few bulks are always on their way, and no more: a writer that the feed cannot follow makes the backlog, and
        // with it the time that a comparison waits for it, as long as the machine is busy.
        await vi.waitFor(async () => {
          expect((await there.findOne(MARK))?.['n'] ?? 0).toBeGreaterThanOrEqual(n - AHEAD);
        }, PATIENCE);
      }
    })();
    try {
      for (let round = 0; round < 2; round += 1) {
        expect(toFound(await pair.run({ mode: 'verify' }), 'busy').ids).toEqual([]);
      }
      await there.updateOne({ _id: 450 as never }, { $set: { v: 'spoiled' } });
      await there.deleteOne({ _id: 451 as never });
      const expected = ['missing {"$numberInt":"451"}', 'unequal {"$numberInt":"450"}'];
      expect(toFound(await pair.run({ mode: 'verify' }), 'busy').ids).toEqual(expected);
      expect(toFound(await pair.run(), 'busy').ids).toEqual(expected);
      expect(toFound(await pair.run({ mode: 'verify' }), 'busy').ids).toEqual([]);
    } finally {
      isWriting = false;
      await writing;
    }
    await pair.converged('busy');
    await here.deleteMany({});
  });

  it('goes on where it was when its replicator ended', async () => {
    const { there } = pair.sides('many');
    await insert(
      'many',
      Array.from({ length: 5000 }, (_, n) => ({ _id: n as never, v: 1 })),
    );
    await there.updateMany({ _id: { $mod: [100, 0] } as never }, { $set: { v: 2 } });
    await there.deleteMany({ _id: { $mod: [101, 1] } as never });
    const sync = await pair.begin({ ratePerSecond: 1500 });
    const toCompared = (found: FullSyncDocument | null) =>
      found?.collections.find(({ name }) => name === 'many')?.compared ?? 0;
    await vi.waitFor(async () => expect(toCompared(await store.findLive())).toBeGreaterThan(0), PATIENCE);
    await replicator.stop();
    const before = await store.findLive();
    expect(toCompared(before)).toBeLessThan(5000);
    expect(before?.position).not.toBeNull();
    replicator = pair.startOne();
    const done = await pair.ended(sync._id);
    expect(done).toMatchObject({ state: 'done' });
    expect(toCompared(done)).toBe(5000);
    expect(await read(backup.db, 'many')).toEqual(await read(primary.db, 'many'));
  });
});
