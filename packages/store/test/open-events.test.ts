import type { RawEventDocument } from '@sluice/contracts/event';
import { createTestNames } from '@sluice/local/test-names';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { connectStore } from '../src/connection.ts';
import { createOpenEvents } from '../src/open-events.ts';
import { useDatabase } from './database.ts';
import { newRaw } from './documents.ts';

const connection = useDatabase();
const open = createOpenEvents(connection);
const HOUR = 3_600_000;

describe('open events', () => {
  const idle = ['pending', 'failed', 'pending'].map((status) =>
    newRaw({ status: status as 'pending', updatedAt: new Date(Date.now() - HOUR) }),
  );

  beforeAll(async () => {
    const touched = Array.from({ length: 3000 }, (_, index) =>
      newRaw({ status: index % 2 === 0 ? 'pending' : 'failed', updatedAt: new Date() }),
    );
    const settled = Array.from({ length: 100 }, () => newRaw({ updatedAt: new Date(Date.now() - HOUR) }));
    await toCollection(connection, 'raw_events').insertMany([...touched, ...settled, ...idle]);
  });

  it('that were not touched for a while are found without looking at the others, however many are open', async () => {
    const { db } = connection;
    await db.command({ profile: 2 });
    const found: string[] = [];
    for await (const portion of open.listIdle(HOUR / 2)) found.push(...portion.map(({ _id }) => _id));
    await db.command({ profile: 0 });
    expect(found.toSorted()).toEqual(idle.map(({ _id }) => _id).toSorted());
    const [asked] = await db.collection('system.profile').find({ 'command.find': 'raw_events' }).toArray();
    expect(asked).toMatchObject({ docsExamined: idle.length, nreturned: idle.length });
  });

  it('come in portions, each of them once', async () => {
    const sizes: number[] = [];
    const ids = new Set<string>();
    for await (const portion of open.listIdle(-HOUR)) {
      sizes.push(portion.length);
      for (const { _id } of portion) ids.add(_id);
    }
    expect([Math.max(...sizes), ids.size]).toEqual([500, 3003]);
  });

  it('are not searched for any longer when nobody waits: MongoDB gives the search up too', async () => {
    const { mongoUrl } = createTestNames();
    const slow = connectStore({ uri: mongoUrl, appName: 'store-test', operationTimeoutMs: 10_000 });
    onTestFinished(async () => {
      await slow.db.dropDatabase();
      await slow.close();
    });
    // A search that takes a minute: each event is looked at for a second.
    await slow.db
      .collection<RawEventDocument>('events')
      .insertMany(Array.from({ length: 60 }, () => newRaw({ status: 'pending' })));
    const wait = { $function: { body: 'function() { sleep(1000); return true; }', args: [], lang: 'js' } };
    await slow.db.createCollection('raw_events', {
      viewOn: 'events',
      pipeline: [{ $match: { $expr: wait } }],
    });
    const running = async () => {
      const filter = { 'command.find': 'raw_events', 'command.$db': slow.db.databaseName };
      return (await slow.db.admin().command({ currentOp: 1, ...filter }))['inprog'].length as number;
    };
    const search = createOpenEvents(slow, { timeoutMs: 2000 }).listIdle(0)[Symbol.asyncIterator]().next();
    const ended = expect(search).rejects.toThrow('did not answer within 2000 ms');
    await vi.waitFor(async () => expect(await running()).toBe(1), 2000);
    await ended;
    await vi.waitFor(async () => expect(await running()).toBe(0), 10_000);
  });
});
