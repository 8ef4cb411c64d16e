import { expect, it } from 'vitest';
import type { StoreConnection } from '../src/connection.ts';
import { createEventStore } from '../src/event-store.ts';
import { createRollups } from '../src/rollups.ts';
import { useDatabase } from './database.ts';
import { newNormalized, newPlan, newRaw } from './documents.ts';

const connection = useDatabase();
const store = createEventStore(connection);
const rollups = createRollups(connection);

const toRecords = (source: string, count: number) =>
  Array.from({ length: count }, () => newNormalized({ source, timestamp: new Date(0) }));

async function storeRecords(source: string, count: number): Promise<void> {
  const normalized = toRecords(source, count);
  const rawInserts = normalized.map(({ _id }) => newRaw({ _id, source }));
  await store.commit(newPlan({ normalized, rawInserts }));
}

/** Returns how many events are rolled up in the day of a source, and in how many rollups and outcomes they are. */
async function look(source: string) {
  const find = (name: string) => connection.db.collection(name).find({ source }).toArray();
  const [found, outcomes] = await Promise.all([find('rollups'), find('outcomes')]);
  const counts = found.map(({ events }) => (events as { count: number }[])[0]?.count);
  return { counts, outcomes: outcomes.length };
}

/** A connection whose first transactions end when everything is written but not committed, as if the process had died. */
function dyingBeforeCommit(times: number): StoreConnection {
  let left = times;
  const client = new Proxy(connection.client, {
    get(target, name) {
      if (name !== 'startSession') return Reflect.get(target, name) as unknown;
      return (options: object) => {
        const session = target.startSession(options);
        left -= 1;
        if (left >= 0) session.commitTransaction = () => Promise.reject(new Error('died'));
        return session;
      };
    },
  });
  return { ...connection, client };
}

it('leaves everything as it was when it dies before its commit', async () => {
  await storeRecords('dies', 3);
  await expect(createRollups(dyingBeforeCommit(1)).fold()).rejects.toThrow('died');
  expect(await look('dies')).toEqual({ counts: [], outcomes: 0 });
  expect(await rollups.fold()).toMatchObject({ changes: 1, hasMore: false });
  expect(await look('dies')).toEqual({ counts: [3, 3, 3, 3], outcomes: 3 });
  expect(await rollups.fold()).toMatchObject({ changes: 0, hasMore: false });
});

it('folds what came meanwhile in the next round, in portions', async () => {
  for (const count of [1, 2, 3]) await storeRecords('portions', count);
  const small = createRollups(connection, { maxChanges: 2 });
  expect(await small.fold()).toMatchObject({ changes: 2, hasMore: true });
  expect((await look('portions')).counts).toEqual([3, 3, 3, 3]);
  expect(await small.fold()).toMatchObject({ changes: 1, hasMore: false });
  expect((await look('portions')).counts).toEqual([6, 6, 6, 6]);
});

it('takes half as much after each failure, and more again after each success', async () => {
  for (let change = 0; change < 8; change += 1) await storeRecords('halves', 1);
  const failing = createRollups(dyingBeforeCommit(2), { maxChanges: 4 });
  for (let failure = 0; failure < 2; failure += 1) await expect(failing.fold()).rejects.toThrow('died');
  const taken: number[] = [];
  while (taken.length < 4) taken.push((await failing.fold()).changes);
  expect(taken).toEqual([1, 2, 4, 1]);
  expect((await look('halves')).counts).toEqual([8, 8, 8, 8]);
});

it('takes a part of a change when there is no room for all of it', async () => {
  const times = [1, 2, 3].map((second) => new Date(second * 1000));
  const normalized = times.map((timestamp) => newNormalized({ source: 'parts', timestamp }));
  const rawInserts = normalized.map(({ _id }) => newRaw({ _id, source: 'parts' }));
  await store.commit(newPlan({ normalized, rawInserts }));
  const small = createRollups(connection, { maxSeconds: 2 });
  expect(await small.fold()).toMatchObject({ changes: 0, hasMore: true });
  const outcomes = await connection.db.collection('outcomes').find({ source: 'parts' }).toArray();
  expect(await small.fold()).toMatchObject({ changes: 1, hasMore: false });
  expect((await look('parts')).counts.toSorted()).toEqual([1, 1, 1, 3, 3, 3]);
  expect(await connection.db.collection('outcomes').find({ source: 'parts' }).toArray()).toEqual(outcomes);
});

it('writes as much for a second of many events as for one of few', async () => {
  for (let bulk = 0; bulk < 20; bulk += 1) await storeRecords('clock-stands-still', 50);
  await connection.db.command({ profile: 2 });
  await rollups.fold();
  await connection.db.command({ profile: 0 });
  const [entry] = await connection.db
    .collection('system.profile')
    .aggregate([
      { $match: { op: { $in: ['insert', 'update', 'query'] } } },
      { $group: { _id: null, read: { $sum: '$docsExamined' }, written: { $sum: '$ninserted' } } },
    ])
    .toArray();
  expect((await look('clock-stands-still')).counts).toEqual([1000, 1000, 1000, 1000]);
  // The 20 changes, and nothing of the 1,000 events.
  expect(entry?.['read']).toBeLessThan(50);
  expect(entry?.['written']).toBeLessThan(10);
});
