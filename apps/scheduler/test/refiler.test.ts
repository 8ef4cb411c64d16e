import type { RawEventDocument } from '@sluice/contracts/event';
import { toSingleJobId } from '@sluice/contracts/queues';
import { createTestNames } from '@sluice/local/test-names';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { createLogger } from '@sluice/runtime/logger';
import { toCollection } from '@sluice/store/collections';
import { createLeases } from '@sluice/store/leases';
import { createOpenEvents } from '@sluice/store/open-events';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { startRefiler } from '../src/refiler.ts';
import { openPlace } from './scheduler.ts';

const SOON = { timeout: 30_000, interval: 50 };
const HOUR_MS = 3_600_000;

function toEvent(n: number) {
  const body = Buffer.from(`{"source":"shop","payload":{"n":${n}}}`);
  return toAcceptedEvent({
    ...{ tenant: 'default', source: 'shop', via: 'api', form: 'submission', headers: { a: 'b' }, body },
    ...{ contentType: 'application/json', payload: { n }, exact: true, key: null, type: undefined },
    ...{ schemaVersion: 1, simulate: 2, receivedAtMs: Date.now() - HOUR_MS },
  });
}

function toRaw(n: number, fields: Partial<RawEventDocument>): RawEventDocument {
  const { eventId, tenant, source, idempotencyKey, contentHash, body, receivedAt } = toEvent(n);
  const at = new Date(Date.now() - HOUR_MS);
  return {
    ...{ _id: eventId, tenant, source, idempotencyKey, contentHash, headers: { a: 'b' }, schemaVersion: 1 },
    ...{ via: 'api', form: 'submission', keyOrigin: 'content', contentType: 'application/json', simulate: 2 },
    body: Buffer.from(body),
    receivedAt: new Date(receivedAt),
    ...{ status: 'failed', run: 0, attempts: 3, storedAt: at, updatedAt: at },
    ...fields,
  };
}

it('gives an open event whose job is gone a job again, and leaves all others alone', async () => {
  const { prefix, mongoUrl } = createTestNames();
  const redisUrl = inject('redisUrl');
  const place = await openPlace({ redisUrl, mongoUrl, prefix });
  const logger = createLogger({ app: 'scheduler', instance: prefix, level: 'silent' });
  const queue = createEventsProducer({ redisUrl, prefix, logger });
  await vi.waitFor(() => queue.ping(), SOON);
  const [stranded, parked, fresh, dead, waiting] = [
    toRaw(1, { run: 7 }),
    toRaw(2, { status: 'pending', attempts: 0, batch: 'i-4' }),
    toRaw(3, { updatedAt: new Date() }),
    toRaw(4, { status: 'dead' }),
    toRaw(5, {}),
  ];
  await toCollection(place.store, 'raw_events').insertMany([stranded, parked, fresh, dead, waiting]);
  const toJob = (jobId: string) => ({
    ...{ jobId, delayMs: HOUR_MS },
    job: { envelope: 1 as const, instance: 'i', seq: 4, events: [toEvent(9)] },
  });
  await queue.addSplit([toJob('b-i-4-p1'), toJob(toSingleJobId(waiting._id, waiting.contentHash, 0))]);

  const parts = { open: createOpenEvents(place.store), leases: createLeases(place.store), logger };
  const refiler = startRefiler({
    ...parts,
    queue: { addSplit: queue.addSplit, hasJobs: place.inspector.hasJobs },
    readMemoryShare: async () => 0.1,
    ...{ holder: 'scheduler-1', idleMs: HOUR_MS / 2, lookMs: 50 },
  });
  onTestFinished(async () => {
    await refiler.stop();
    await queue.close();
    await place.close();
  });
  const jobId = toSingleJobId(stranded._id, stranded.contentHash, 7);
  const job = await vi.waitFor(async () => {
    const found = await place.inspector.findJob(jobId);
    expect(found).not.toBeNull();
    return found;
  }, SOON);
  expect(job?.data).toMatchObject({
    events: [{ ...toEvent(1), receivedAt: stranded.receivedAt.toISOString() }],
    single: { run: 7, attemptsBefore: 3, reason: 'failed' },
  });
  const { waiting: count, delayed } = await place.inspector.readCounts();
  expect({ count, delayed }).toEqual({ count: 1, delayed: 2 });
});
