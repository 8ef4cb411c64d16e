import { expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import type { StoreConnection } from '../src/connection.ts';
import { createEventStore } from '../src/event-store.ts';
import { createInbox } from '../src/inbox.ts';
import { endInstances } from '../src/instances.ts';
import { readLedger } from '../src/ledger.ts';
import { compactReceipts } from '../src/receipts.ts';
import { useBatches } from './batches.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const store = createEventStore(connection);
const inbox = createInbox(connection);
const { beat, settle, readMissing } = useBatches(connection);
const now = { olderThanMs: -60_000 };

it('folds settled receipts, also behind a gap, and changes nothing that can be asked', async () => {
  await settle('fold', [1, 2, 4, 6]);
  await inbox.insert({ instance: 'fold', seq: 3, events: [] });
  await beat('fold', 6, 12);
  const before = await readLedger(connection);
  expect(await compactReceipts(connection, now)).toBeGreaterThanOrEqual(3);
  expect(await readLedger(connection)).toEqual(before);
  expect(await toCollection(connection, 'receipts').countDocuments({ instance: 'fold' })).toBe(0);
  const batches = [1, 2, 3, 4, 5, 6].map((seq) => ({ instance: 'fold', seq }));
  const { receipts } = await store.lookUp({ ids: [], hashes: [], batches });
  expect(batches.map(({ seq }) => receipts.get(`fold-${seq}`))).toEqual([
    'settled',
    'settled',
    'void',
    'settled',
    undefined,
    'settled',
  ]);
});

it('folds a void receipt that was settled after its neighbours', async () => {
  await settle('late', [1, 3]);
  await inbox.insert({ instance: 'late', seq: 2, events: [] });
  await beat('late', 3, 6);
  expect(await settle('late', [2], true)).toBe('committed');
  const before = await readLedger(connection);
  expect(await compactReceipts(connection, now)).toBe(3);
  expect(await readLedger(connection)).toEqual(before);
  expect(await compactReceipts(connection, now)).toBe(0);
});

it('settles a void batch once whose receipt was folded', async () => {
  await settle('revived-late', [1, 4]);
  for (const seq of [2, 3]) await inbox.insert({ instance: 'revived-late', seq, events: [] });
  await beat('revived-late', 4, 6);
  expect(await compactReceipts(connection, now)).toBe(4);
  const answers = await Promise.all([
    settle('revived-late', [2], true),
    settle('revived-late', [2], true),
    settle('revived-late', [1], true),
  ]);
  expect(answers.filter((answer) => answer === 'committed')).toHaveLength(1);
  const batches = [1, 2, 3].map((seq) => ({ instance: 'revived-late', seq }));
  const readStates = async () => [
    ...(await store.lookUp({ ids: [], hashes: [], batches })).receipts.values(),
  ];
  const states = await readStates();
  expect(states.toSorted()).toEqual(['settled', 'settled', 'void']);
  const before = await readLedger(connection);
  expect(before.instances.find(({ instance }) => instance === 'revived-late')).toMatchObject({
    ...{ accepted: 6, merged: 3, missing: [] },
  });
  expect(await compactReceipts(connection, now)).toBe(1);
  expect(await readLedger(connection)).toEqual(before);
  expect((await readStates()).toSorted()).toEqual(states.toSorted());
  expect(await settle('revived-late', [2], true)).toBe('conflict');
});

it('settles a batch late that was missing when its neighbours were folded', async () => {
  await settle('gap', [1, 3, 6]);
  await beat('gap', 6, 18);
  expect(await compactReceipts(connection, now)).toBe(3);
  const missing = [
    { from: 2, to: 2 },
    { from: 4, to: 5 },
  ];
  expect(await readMissing('gap')).toEqual(missing);
  expect(await settle('gap', [4])).toBe('committed');
  const left = [missing[0], { from: 5, to: 5 }];
  expect(await readMissing('gap')).toEqual(left);
  const before = await readLedger(connection);
  expect(await compactReceipts(connection, now)).toBe(1);
  expect(await readLedger(connection)).toEqual(before);
  expect(await readMissing('gap')).toEqual(left);
  const batches = [4, 5].map((seq) => ({ instance: 'gap', seq }));
  const { receipts } = await store.lookUp({ ids: [], hashes: [], batches });
  expect([...receipts]).toEqual([['gap-4', 'settled']]);
});

it('goes no further than an instance has told, until it has been silent for a day', async () => {
  await settle('crashed', [1, 2, 3]);
  await beat('crashed', 1, 3);
  expect(await compactReceipts(connection, now)).toBe(1);
  const instances = toCollection(connection, 'instances');
  await instances.updateOne({ _id: 'crashed' }, { $set: { seenAt: new Date(Date.now() - 90_000_000) } });
  const before = await readLedger(connection);
  expect(await compactReceipts(connection, now)).toBe(2);
  expect(await readLedger(connection)).toEqual(before);
});

it('names as many events as before of a batch that an instance lost before it crashed', async () => {
  await settle('lossy', [1, 3, 4]);
  await beat('lossy', 3, 9);
  const instances = toCollection(connection, 'instances');
  await instances.updateOne({ _id: 'lossy' }, { $set: { seenAt: new Date(Date.now() - 90_000_000) } });
  const readEntry = async () => {
    const { instances: entries } = await readLedger(connection);
    return entries.find(({ instance }) => instance === 'lossy');
  };
  const before = await readEntry();
  expect(before).toMatchObject({ accepted: 6, merged: 3, settled: 6, missing: [{ from: 2, to: 2 }] });
  expect(await compactReceipts(connection, now)).toBe(3);
  expect(await readEntry()).toEqual(before);
});

it('gets past void receipts, however many', async () => {
  const at = new Date(0);
  const voids = Array.from({ length: 5_000 }, (_, index) => {
    const seq = index + 1;
    return {
      _id: `voids-${seq}`,
      instance: 'voids',
      seq,
      state: 'void',
      accepted: 0,
      merged: 0,
      at,
    } as const;
  });
  await toCollection(connection, 'receipts').insertMany(voids);
  await settle('voids', [5_001]);
  await beat('voids', 5_001, 3);
  while ((await compactReceipts(connection, now)) > 0);
  expect(await toCollection(connection, 'receipts').countDocuments({ instance: 'voids' })).toBe(0);
  const stored = await toCollection(connection, 'instances').findOne({ _id: 'voids' });
  expect(stored?.folded).toMatchObject({ to: 5_001, accepted: 2, voids: [{ from: 1, to: 5_000 }] });
});

it('folds the void receipts that an earlier release left, and one of those that was settled', async () => {
  const at = new Date(0);
  const left = [1, 2, 4, 5, 7].map((seq) => {
    const _id = `older-${seq}`;
    return { _id, instance: 'older', seq, state: 'void', accepted: 0, merged: 0, at } as const;
  });
  await toCollection(connection, 'receipts').insertMany(left);
  await beat('older', 7, 6);
  const folded = { to: 7, accepted: 4, merged: 2 };
  await toCollection(connection, 'instances').updateOne({ _id: 'older' }, { $set: { folded } });
  expect(await settle('older', [4], true)).toBe('committed');
  const before = await readLedger(connection);
  expect(await compactReceipts(connection, now)).toBe(5);
  expect(await readLedger(connection)).toEqual(before);
  const batches = [1, 2, 3, 4, 5, 6, 7].map((seq) => ({ instance: 'older', seq }));
  const { receipts } = await store.lookUp({ ids: [], hashes: [], batches });
  const voids = batches.filter(({ seq }) => receipts.get(`older-${seq}`) === 'void');
  expect(voids.map(({ seq }) => seq)).toEqual([1, 2, 5, 7]);
});

it('adds nothing twice on a backup that has the sums already and the receipts still', async () => {
  await settle('promoted', [1, 2, 4]);
  await beat('promoted', 4, 12);
  const receipts = toCollection(connection, 'receipts');
  const copies = await receipts.find({ instance: 'promoted' }).toArray();
  expect(await compactReceipts(connection, now)).toBe(3);
  const before = await readLedger(connection);
  await receipts.insertMany(copies);
  await settle('promoted', [3]);
  expect(await compactReceipts(connection, now)).toBe(4);
  const after = await readLedger(connection);
  expect(after.accepted).toBe(before.accepted + 2);
  expect(after.merged).toBe(before.merged + 1);
  expect(await receipts.countDocuments({ instance: 'promoted' })).toBe(0);
});

it('keeps no more than 1,000 gaps, however late receipts come', async () => {
  const even = Array.from({ length: 1_005 }, (_, index) => 2 * index + 2);
  await settle('many-gaps', [...even.slice(0, 998), 3_000]);
  await beat('many-gaps', 4_000, 9_999);
  await compactReceipts(connection, now);
  const readGaps = async () => {
    const stored = await toCollection(connection, 'instances').findOne({ _id: 'many-gaps' });
    return stored?.folded?.gaps ?? [];
  };
  expect(await readGaps()).toHaveLength(999);
  // These break the last gap into three, then six pieces, for which there is no room.
  await settle('many-gaps', [2_010, 2_100]);
  const missing = await readMissing('many-gaps');
  expect(missing).toHaveLength(1_002);
  await compactReceipts(connection, now);
  expect(await readGaps()).toHaveLength(999);
  expect(await readMissing('many-gaps')).toEqual(missing);
  await settle('many-gaps', [1, 3, 5]);
  const before = await readLedger(connection);
  expect(await compactReceipts(connection, now)).toBe(5);
  expect((await readGaps()).length).toBeLessThanOrEqual(1_000);
  expect(await readLedger(connection)).toEqual(before);
  await settle('many-gaps', [4_000]);
  await settle('many-gaps', [2_020, 2_030, 2_040]);
  while ((await compactReceipts(connection, now)) > 0);
  expect((await readGaps()).length).toBeLessThanOrEqual(1_000);
  await toCollection(connection, 'receipts').deleteMany({ instance: 'many-gaps' });
  await toCollection(connection, 'instances').deleteOne({ _id: 'many-gaps' });
});

it('folds the receipts of the others when an instance cannot be folded', async () => {
  await settle('a-stuck', [1]);
  await beat('a-stuck', 1, 3);
  await settle('b-behind', [1, 2]);
  await beat('b-behind', 2, 6);
  const isAnother = { $or: [{ _id: { $ne: 'a-stuck' } }, { folded: { $exists: false } }] };
  await connection.db.command({ collMod: 'instances', validator: isAnother });
  await expect(compactReceipts(connection, now)).rejects.toThrow('Document failed validation');
  const behind = await toCollection(connection, 'instances').findOne({ _id: 'b-behind' });
  expect(behind).toMatchObject({ folded: { to: 2, accepted: 4 } });
  await connection.db.command({ collMod: 'instances', validator: {} });
  expect(await compactReceipts(connection, now)).toBe(1);
});

it('leaves young receipts alone', async () => {
  await settle('young', [1]);
  await beat('young', 1, 2);
  await compactReceipts(connection);
  expect(await toCollection(connection, 'receipts').countDocuments({ instance: 'young' })).toBe(1);
});

/** A connection on which all receipts are folded between the first read of receipts or instances and the second. */
function foldingInBetween(): StoreConnection {
  const folded = Promise.withResolvers<void>();
  const asked = new Set<string>();
  let first: string | undefined;

  async function inTurn<Found>(name: string, read: () => Promise<Found>): Promise<Found> {
    asked.add(name);
    // Of two that are asked at once the instances answer first.
    await new Promise((resolve) => setImmediate(resolve));
    if (first !== undefined || (name === 'receipts' && asked.has('instances'))) {
      await folded.promise;
      return read();
    }
    first = name;
    const found = await read();
    await compactReceipts(connection, now);
    folded.resolve();
    return found;
  }

  const db = new Proxy(connection.db, {
    get(target, property) {
      if (property !== 'collection') return Reflect.get(target, property) as unknown;
      return (name: string) => {
        const collection = target.collection(name);
        const find = (...args: Parameters<typeof collection.find>) => {
          const cursor = collection.find(...args);
          const read = () => collection.find(...args).toArray();
          return Object.assign(cursor, { toArray: () => inTurn(name, read) });
        };
        return new Proxy(collection, {
          get: (own, key) => (key === 'find' ? find : (Reflect.get(own, key) as unknown)),
        });
      };
    },
  });
  return { ...connection, db };
}

it('finds a batch settled whose receipt is folded while it is looked for', async () => {
  await settle('moving', [1]);
  await beat('moving', 1, 3);
  const batches = [{ instance: 'moving', seq: 1 }];
  const { receipts } = await createEventStore(foldingInBetween()).lookUp({ ids: [], hashes: [], batches });
  expect([...receipts]).toEqual([['moving-1', 'settled']]);
  expect(await toCollection(connection, 'receipts').countDocuments({ instance: 'moving' })).toBe(0);
});

it('leaves an instance that has ended out of the list, but not out of the sums, until it comes back', async () => {
  const instances = toCollection(connection, 'instances');
  for (const instance of ['whole', 'broken', 'alive']) {
    await settle(instance, instance === 'broken' ? [1, 3] : [1, 2, 3]);
    await beat(instance, 3, 9, 5);
  }
  while ((await compactReceipts(connection, now)) > 0);
  const seenAt = new Date(Date.now() - 90_000_000);
  await instances.updateMany({ _id: { $in: ['whole', 'broken'] } }, { $set: { seenAt } });
  const before = await readLedger(connection);
  await endInstances(connection);
  const after = await readLedger(connection);
  expect({ ...after, instances: [] }).toEqual({ ...before, instances: [] });
  const names = after.instances.map(({ instance }) => instance);
  expect(names).not.toContain('whole');
  expect(names).toEqual(expect.arrayContaining(['broken', 'alive']));
  await beat('whole', 4, 12, 5);
  expect(await readMissing('whole')).toEqual([{ from: 4, to: 4 }]);
});
