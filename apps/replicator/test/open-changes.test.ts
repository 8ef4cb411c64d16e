import { createRandom, type Random } from '@sluice/local/random';
import { createTestNames } from '@sluice/local/test-names';
import { Binary, BSON, Double, Int32, Long, ObjectId } from 'mongodb';
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import type { Change, ChangeSource } from '../src/changes/change.ts';
import { readClusterTime } from '../src/changes/cluster-time.ts';
import { openChanges, type ReadFrom } from '../src/changes/open-changes.ts';
import type { StreamStart } from '../src/position.ts';
import { type Id, openPair, type Pair, toItems } from './pair.ts';

const { seed, database: prefix } = createTestNames();
const EXCLUDED = ['excluded'];
const LAST = 'last';
const MIB = 1024 * 1024;

const open = (): Pair => openPair({ primary: inject('mongoUrl'), backup: inject('mongoUrl') }, prefix);

type Wanted = {
  readonly readsOplog: boolean;
  readonly limit: number;
  /** How likely it is that the source is opened anew behind what was read, 0 to 1, and from the other one. */
  readonly switches?: number;
  readonly sources?: ReadFrom[];
};

/** Reads all changes from a position up to the document `last`. */
async function readAll(
  { primary }: Pick<Pair, 'primary'>,
  start: StreamStart,
  { readsOplog, limit, switches = 0, sources = [] }: Wanted,
  random: Random = createRandom(seed, 'none'),
): Promise<readonly Change[]> {
  const ending = new AbortController();
  const read: Change[] = [];
  let to = start;
  let fromOplog = readsOplog;
  let source: ChangeSource | undefined;
  const close = async () => source?.close();
  onTestFinished(close);
  for (;;) {
    source ??= await openChanges(primary, {
      ...{ start: to, excluded: EXCLUDED, ending: ending.signal, readsOplog: fromOplog, againMs: 0 },
      onSource: (from) => sources.push(from),
    });
    const batch = await source.next({ limit, waitMs: 1000 });
    read.push(...batch.changes);
    to = batch.to;
    if (read.some(({ id }) => id === LAST)) break;
    if (random.fraction() >= switches) continue;
    await source.close();
    source = undefined;
    fromOplog = random.pick([true, false]);
  }
  await close();
  return read;
}

/** A change as a text, without where to go on behind it. */
function toText({ kind, collection, id, at }: Change): string {
  return `${at.toBigInt()} ${kind} ${collection} ${BSON.EJSON.stringify({ id }, { relaxed: false })}`;
}

function toBytes(told: Change['told']): string | null | undefined {
  return told && Buffer.from(told).toString('base64');
}

/** Makes changes of all kinds, those of other databases and excluded collections among them. */
async function makeChanges({ primary }: Pair, random: Random, rounds: number): Promise<void> {
  const { client, db } = primary;
  const elsewhere = client.db(`${db.databaseName}_elsewhere`);
  onTestFinished(async () => void (await elsewhere.dropDatabase()));
  const nested = new Map([['2', 1]]).set('1', 2);
  const ids: [Id, ...Id[]] = [
    1,
    'one',
    new ObjectId(),
    new Double(2.5),
    Long.fromString('9007199254740993'),
    nested,
  ];
  const names = ['items', 'others', 'excluded'] as const;

  async function write(in_: typeof db, options: object, isAlone: boolean): Promise<unknown> {
    const items = toItems(in_, random.pick(names));
    const id = random.pick(ids);
    const body = {
      n: new Int32(random.whole(0, 9)),
      bytes: new Binary(Buffer.alloc(random.pick([1, 1, 70_000]))),
    };
    const upsert = { upsert: true, ...options } as const;
    const many = () => Array.from({ length: random.whole(1, 20) }, () => ({ _id: new ObjectId(), ...body }));
    const writes = [
      () => items.replaceOne({ _id: { $eq: id } }, body, upsert),
      () => items.updateOne({ _id: { $eq: id } }, { $set: { ...body, changedAt: new Date() } }, upsert),
      () => items.updateMany({}, [{ $set: { n: { $add: ['$n', 1] } } }, { $unset: 'bytes' }], options),
      () => items.findOneAndUpdate({ _id: { $eq: id } }, { $unset: { n: true }, $set: { m: 1 } }, upsert),
      () => items.findOneAndDelete({ _id: { $eq: id } }, options),
      () => items.deleteMany({ n: new Int32(random.whole(0, 9)) }, options),
      () => items.insertMany(many(), options),
      () =>
        items.bulkWrite(
          [
            { deleteOne: { filter: { _id: { $eq: id } } } },
            { insertOne: { document: { _id: id, ...body } } },
          ],
          options,
        ),
    ] as const;
    const alone = [
      () =>
        toItems(db, 'capped').insertOne({
          _id: new ObjectId(),
          ...body,
          bytes: new Binary(Buffer.alloc(900)),
        }),
      () => db.collection('dated').insertOne({ at: new Date(), ...body, bytes: 1 }),
      () => items.createIndex({ n: random.pick([1, -1]) }),
      () => db.command({ collMod: 'capped', validationLevel: random.pick(['off', 'moderate']) }),
      () =>
        toItems(db, 'left')
          .insertOne({ _id: new ObjectId() })
          .then(() => db.command({ convertToCapped: 'left', size: 4096 })),
      () => items.dropIndexes(),
      () => toItems(db, 'excluded').drop(),
      () =>
        toItems(db, 'dropped')
          .insertOne({ _id: 1 })
          .then(() => db.dropCollection('dropped')),
      () =>
        toItems(db, 'left')
          .insertOne({ _id: 1 })
          .then(() => toItems(db, 'left').rename('right', { dropTarget: true })),
      () => items.aggregate([{ $match: {} }, { $out: 'copy' }]).toArray(),
      () => items.aggregate([{ $limit: 3 }, { $merge: { into: 'copy', whenMatched: 'replace' } }]).toArray(),
    ] as const;
    return isAlone ? random.pick([...writes, ...alone])() : random.pick(writes)();
  }

  for (let round = 0; round < rounds; round += 1) {
    if (random.fraction() < 0.6) await write(random.pick([db, db, db, elsewhere]), {}, true);
    else {
      await using session = client.startSession();
      await session.withTransaction(async () => {
        for (let count = random.whole(1, 6); count > 0; count -= 1) {
          await write(random.pick([db, db, elsewhere]), { session }, false);
        }
      });
    }
  }
}

/** Writes more in one transaction than an entry of the oplog may hold. */
async function makeLargeTransaction({ primary: { client, db } }: Pair): Promise<void> {
  await using session = client.startSession();
  await session.withTransaction(async () => {
    for (let count = 0; count < 20; count += 1) {
      const bytes = new Binary(Buffer.alloc(MIB));
      await toItems(db, 'large').insertOne({ _id: new ObjectId(), bytes }, { session });
    }
  });
}

describe('what the oplog says changed', () => {
  test('is what a change stream says, however often one goes on from the other', async () => {
    const random = createRandom(seed, 'changes');
    const pair = open();
    const { db } = pair.primary;
    await db.createCollection('capped', { capped: true, size: 4096 });
    await db.createCollection('dated', { expireAfterSeconds: 3600, timeseries: { timeField: 'at' } });
    await toItems(db).insertOne({ _id: 'before' });
    const start = { at: await readClusterTime(pair.primary) };
    await makeChanges(pair, random, 150);
    await makeLargeTransaction(pair);
    await makeChanges(pair, random, 20);
    await toItems(db).insertOne({ _id: LAST });
    const told = await readAll(pair, start, { readsOplog: false, limit: 1000 });
    const sources: ReadFrom[] = [];
    const read = await readAll(pair, start, { readsOplog: true, limit: random.whole(1, 20), sources });
    const mixed = await readAll(
      pair,
      start,
      { readsOplog: true, limit: random.whole(1, 50), switches: 0.3 },
      random,
    );
    expect(told.length).toBeGreaterThan(300);
    expect(read.map(toText)).toEqual(told.map(toText));
    expect(mixed.map(toText)).toEqual(told.map(toText));
    for (const [index, { told: document, wallAt }] of told.entries()) {
      if (document !== undefined) expect(toBytes(read[index]?.told)).toEqual(toBytes(document));
      expect(read[index]?.wallAt).toEqual(wallAt);
    }
    expect(sources[0]).toEqual({ source: 'oplog' });
    const reasons = sources.flatMap(({ reason = [] }) => reason);
    // The large transaction is in several entries, which a stream puts together.
    expect(reasons).toContainEqual(expect.stringContaining('part of a transaction'));
    // What MongoDB copies into another collection to cap it, no stream tells.
    for (const reason of reasons) expect(reason).toMatch(/part of a transaction|field fromMigrate/);
  });

  test('is read on behind what a change stream has told in the midst of a transaction', async () => {
    const pair = open();
    const { client, db } = pair.primary;
    await toItems(db).insertOne({ _id: 'before' });
    const start = { at: await readClusterTime(pair.primary) };
    const ids = Array.from({ length: 45_000 }, (_, index) => index);
    await using session = client.startSession();
    await session.withTransaction(async () => {
      await toItems(db).insertMany(
        ids.map((_id) => ({ _id })),
        { session },
      );
    });
    await toItems(db).insertOne({ _id: LAST });
    const common = { excluded: EXCLUDED, ending: new AbortController().signal };
    const stream = await openChanges(pair.primary, { ...common, start, readsOplog: false });
    const { changes, to, ends } = await stream.next({ limit: 1000, waitMs: 1000 });
    await stream.close();
    expect(ends).toBe('within');
    const sources: ReadFrom[] = [];
    const rest = await readAll(pair, to, { readsOplog: true, limit: 1000, sources });
    expect([...changes, ...rest].map(({ id }) => (id === LAST ? id : Number(id)))).toEqual([...ids, LAST]);
    expect(sources).toEqual([]);
  });

  test('is not lost when it is read from the midst of a transaction on that ends elsewhere', async () => {
    const { primary } = open();
    const { client, db } = primary;
    const elsewhere = client.db(open().primary.db.databaseName);
    await using session = client.startSession();
    await session.withTransaction(async () => {
      await toItems(db).insertOne({ _id: 'ours' }, { session });
      for (let _id = 0; _id < 20; _id += 1) {
        await toItems(elsewhere).insertOne({ _id, bytes: new Binary(Buffer.alloc(MIB)) }, { session });
      }
    });
    await toItems(db).insertOne({ _id: LAST });
    const part = await client
      .db('local')
      .collection('oplog.rs')
      .findOne({ 'o.partialTxn': true, 'o.applyOps.ns': `${db.databaseName}.items` });
    const start = { at: part?.['ts'] };
    for (const readsOplog of [true, false]) {
      const read = await readAll({ primary }, start, { readsOplog, limit: 1000 });
      expect(read.map(({ id }) => id)).toEqual(['ours', LAST]);
    }
  });

  test('is known as far as the oplog goes while nothing changes but elsewhere', async () => {
    const { primary } = open();
    const other = open().primary;
    const start = { at: await readClusterTime(primary) };
    const common = { excluded: EXCLUDED, ending: new AbortController().signal, readsOplog: true };
    const source = await openChanges(primary, { ...common, start });
    onTestFinished(() => source.close());
    await toItems(other.db).insertOne({ _id: 1 });
    const then = await readClusterTime(other);
    await vi.waitFor(async () => {
      const { changes, to } = await source.next({ limit: 10, waitMs: 100 });
      expect(changes).toEqual([]);
      expect('at' in to && to.at.greaterThanOrEqual(then)).toBe(true);
    });
  });
});

test('a change stream goes on behind any change, whatever its id is', async () => {
  const { primary } = open();
  const start = { at: await readClusterTime(primary) };
  const ids = [
    new Double(2.5),
    Long.fromString('9007199254740993'),
    new Double(7),
    new Int32(8),
    'text',
    LAST,
  ];
  for (const _id of ids) await toItems(primary.db).insertOne({ _id });
  const common = { excluded: EXCLUDED, ending: new AbortController().signal, readsOplog: false };
  const [first, ...others] = await readAll({ primary }, start, { readsOplog: false, limit: 1000 });
  for (let last = first; last !== undefined && others.length > 0; last = others.shift()) {
    const source = await openChanges(primary, { ...common, start: last.behind });
    const { changes } = await source.next({ limit: 1000, waitMs: 1000 });
    expect(changes).toEqual(others);
    await source.close();
  }
});

test('where there is no oplog to read, a change stream is read, and the oplog is looked for again', async () => {
  const { primary } = open();
  const start = { at: await readClusterTime(primary) };
  let isThere = false;
  const client = new Proxy(primary.client, {
    get(target, name) {
      if (name === 'db') return (of: string) => target.db(of === 'local' && !isThere ? 'without_oplog' : of);
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const sources: ReadFrom[] = [];
  const source = await openChanges(
    { ...primary, client },
    {
      ...{ start, excluded: EXCLUDED, ending: new AbortController().signal, readsOplog: true, againMs: 0 },
      onSource: (from) => sources.push(from),
    },
  );
  onTestFinished(() => source.close());
  await toItems(primary.db).insertOne({ _id: 1 });
  expect(await source.next({ limit: 10, waitMs: 1000 })).toMatchObject({ changes: [{ kind: 'insert' }] });
  expect(new Set(sources.map((from) => from.source))).toEqual(new Set(['change-stream']));
  isThere = true;
  await toItems(primary.db).insertOne({ _id: 2 });
  expect(await source.next({ limit: 10, waitMs: 1000 })).toMatchObject({ changes: [{ kind: 'insert' }] });
  expect(sources.at(-1)).toEqual({ source: 'oplog' });
});
