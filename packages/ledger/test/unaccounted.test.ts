import { createTestNames } from '@sluice/local/test-names';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { connectStore } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { createInstances } from '@sluice/store/instances';
import { migrate } from '@sluice/store/migrate';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { createStatsReader } from '../src/stats-reader.ts';
import { createUnaccountedReader } from '../src/unaccounted.ts';

const { prefix, mongoUrl } = createTestNames();
const at = { redisUrl: inject('redisUrl'), prefix, logger: { warn: () => {} } };
const store = connectStore({ uri: mongoUrl, appName: 'ledger-test' });
const inspector = createEventsInspector(at);
const queue = createEventsProducer(at);

beforeAll(async () => {
  await migrate(store, 30_000);
  await vi.waitFor(() => Promise.all([inspector.ping(), queue.ping()]));
});
afterAll(async () => {
  await store.db.dropDatabase();
  await Promise.all([inspector.close(), queue.close(), store.close()]);
});

it('names what is neither queued nor settled, as the whole ledger does, and nothing else', async () => {
  const readUnaccounted = createUnaccountedReader({ store, inspector, now: Date.now });
  const readStats = createStatsReader({ store, inspector, now: Date.now });
  expect(await readUnaccounted()).toEqual({ events: 0, batches: [] });

  await queue.addBatch('b-one-1', { envelope: 1, instance: 'one', seq: 1, events: [] });
  const now = new Date();
  await createInstances(store).beat({
    ...{ _id: 'one', app: 'ingest', seq: 2, events: 5, merged: 0, startedAt: now, seenAt: now },
  });
  const { ledger } = await readStats();
  expect(ledger).toMatchObject({ unaccounted: 5, unaccountedBatches: [{ instance: 'one', seq: 2 }] });
  expect(await readUnaccounted()).toEqual({ events: 5, batches: ledger.unaccountedBatches });

  await createInbox(store).insert({ instance: 'one', seq: 2, events: [] });
  expect((await readStats()).ledger.unaccounted).toBe(0);
  expect(await readUnaccounted()).toEqual({ events: 0, batches: [] });
});
