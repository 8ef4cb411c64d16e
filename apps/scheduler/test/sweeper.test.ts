import { createTestNames } from '@sluice/local/test-names';
import { startOwnRedis } from '@sluice/local/test-servers';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { createLogger } from '@sluice/runtime/logger';
import { createInbox } from '@sluice/store/inbox';
import { createLeases } from '@sluice/store/leases';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { startSweeper } from '../src/sweeper.ts';
import { openPlace } from './scheduler.ts';

/** Well below the 60 s after which a row is moved again whose job was lost. */
const SOON = { timeout: 20_000, interval: 50 };

it('moves what Redis could not take as soon as it can', async () => {
  const { prefix, mongoUrl } = createTestNames();
  const place = await openPlace({ redisUrl: inject('redisUrl'), mongoUrl, prefix });
  onTestFinished(place.close);
  const redis = await startOwnRedis();
  onTestFinished(redis.stop);
  const logger = createLogger({ app: 'scheduler', instance: prefix, level: 'silent' });
  const queue = createEventsProducer({ redisUrl: redis.url, prefix, logger });
  onTestFinished(() => queue.close());
  await vi.waitFor(() => queue.ping(), SOON);

  const added: string[] = [];
  const failed: unknown[] = [];
  const inbox = createInbox(place.store);
  await redis.kill();
  await inbox.insert({ instance: 'ingest-1', seq: 1, events: [1, 2, 3].map(toEvent) });
  const sweeper = startSweeper({
    ...{ inbox, logger, leases: createLeases(place.store), holder: 'scheduler-1' },
    // As another connection may, before that of the queue has come back.
    readMemoryShare: async () => 0.1,
    queue: {
      async addSplit(jobs) {
        await queue.addSplit(jobs).catch((error: unknown) => {
          failed.push(error);
          throw error;
        });
        added.push(...jobs.map(({ jobId }) => jobId));
      },
    },
  });
  onTestFinished(() => sweeper.stop());
  await vi.waitFor(() => expect(failed.length).toBeGreaterThan(1), SOON);
  expect(added).toEqual([]);
  await redis.restart();
  await vi.waitFor(() => expect(added).toHaveLength(3), SOON);
});

function toEvent(n: number) {
  const body = Buffer.from(`{"source":"shop","payload":{"n":${n}}}`);
  return toAcceptedEvent({
    ...{ tenant: 'default', source: 'shop', via: 'api', form: 'submission', headers: { a: 'b' }, body },
    ...{ contentType: 'application/json', payload: { n }, exact: true, key: null, type: undefined },
    ...{ schemaVersion: 1, simulate: 0, receivedAtMs: Date.now() },
  });
}
