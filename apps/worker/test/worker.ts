import type { AcceptedEvent, NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import { readSubmission } from '@sluice/contracts/submission';
import { parseSafeJson } from '@sluice/normalizer/safe-json';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import { createGroupCommit } from '@sluice/protocol/group-commit';
import { createEventsInspector, type EventsInspector } from '@sluice/queue/events-inspector';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { loadConfig } from '@sluice/runtime/config';
import { createLogger } from '@sluice/runtime/logger';
import { createMetrics } from '@sluice/runtime/metrics';
import { connectStore, type StoreConnection } from '@sluice/store/connection';
import { createEventStore } from '@sluice/store/event-store';
import { createInbox } from '@sluice/store/inbox';
import { createInstances } from '@sluice/store/instances';
import { createLatest } from '@sluice/store/latest';
import { createLeases } from '@sluice/store/leases';
import { readLedger } from '@sluice/store/ledger';
import { createMappings } from '@sluice/store/mappings';
import { assertMigrated, migrate } from '@sluice/store/migrate';
import { createRollups } from '@sluice/store/rollups';
import { expect, vi } from 'vitest';
import { createWorkerApp, type WorkerApp } from '../src/app.ts';
import { workerConfigSchema } from '../src/config.ts';
import { keepRollups } from '../src/rollups.ts';
import { createWorkerMetrics } from '../src/worker-metrics.ts';

/** Settings under which what takes minutes takes a moment. */
export const QUICK = {
  RETRY_BACKOFF_MS: '20',
  PARK_MIN_MS: '100',
  WORKER_LOCK_MS: '1000',
  WORKER_STALLED_MS: '300',
};

/** Where a test's worker works. */
export type Place = { readonly redisUrl: string; readonly mongoUrl: string; readonly prefix: string };

export const SOON = { timeout: 30_000, interval: 50 };

/** Opens both ends of the queue: what sends events as ingest does, and what looks at what became of them. */
export async function openPlace({ redisUrl, mongoUrl, prefix }: Place) {
  const logger = createLogger({ app: 'worker', instance: prefix, level: 'silent' });
  const store = connectStore({ uri: mongoUrl, appName: prefix });
  const queue = createEventsProducer({ redisUrl, prefix, logger });
  const inspector = createEventsInspector({ redisUrl, prefix, logger });
  const commit = createGroupCommit({ instance: prefix, queue, inbox: createInbox(store) });
  await migrate(store, 30_000);
  await vi.waitFor(() => Promise.all([queue.ping(), inspector.ping()]), SOON);

  function send(body: unknown, key?: string) {
    return commit.submit(toSubmitted(JSON.stringify(body), key));
  }

  return {
    store,
    inspector,
    logger,
    send,
    /** Sends events a few at a time, so that they become many batches. */
    async sendAll(bodies: readonly unknown[], portion = 20): Promise<void> {
      for (let start = 0; start < bodies.length; start += portion) {
        await Promise.all(bodies.slice(start, start + portion).map((body) => send(body)));
      }
    },
    /** Resolves once every job is done, but for those that are dead. */
    async untilSettled(): Promise<void> {
      await vi.waitFor(async () => expect(await countOpen(inspector)).toBe(0), SOON);
    },
    findRaw: (id: string) => store.db.collection<RawEventDocument>('raw_events').findOne({ _id: id }),
    findNormalized: (id: string) =>
      store.db.collection<NormalizedEventDocument>('normalized_events').findOne({ _id: id }),
    count: (collection: string, filter = {}) => store.db.collection(collection).countDocuments(filter),
    /** Tells how the batches that were sent balance with what is stored. */
    async readBalance() {
      const startedAt = new Date();
      const { beat } = createInstances(store);
      await beat({ _id: prefix, app: 'test', ...commit.head(), startedAt, seenAt: startedAt });
      const { accepted, merged, byStatus, instances, direct } = await readLedger(store);
      const missing = instances.flatMap((instance) => instance.missing);
      const { events, merged: answered } = commit.head();
      return { sent: events + answered, accepted, merged, direct, byStatus, missing };
    },
    async close() {
      await store.db.dropDatabase();
      await Promise.all([queue.close(), inspector.close(), store.close()]);
    },
  };
}

async function countOpen(inspector: EventsInspector): Promise<number> {
  const { waiting, active, delayed, parked } = await inspector.readCounts();
  return waiting + active + delayed + parked;
}

/** Identifies an event as ingest does with `POST /api/events`. */
export function toSubmitted(body: string, key: string | undefined): AcceptedEvent {
  const { value, exact } = parseSafeJson(body);
  const { source, payload, type, schemaVersion = 1, simulate } = readSubmission(value);
  return toAcceptedEvent({
    ...{ tenant: 'default', source, via: 'api', form: 'submission', headers: {}, payload, exact, type },
    ...{ contentType: 'application/json', body: Buffer.from(body), schemaVersion, simulate },
    key: key === undefined ? null : { value: key, origin: 'header' },
    receivedAtMs: Date.now(),
  });
}

/** Starts a worker in this process, wired as `main.ts` does. */
export function startWorker(
  { redisUrl, mongoUrl, prefix }: Place,
  { instance, env = {} }: { readonly instance: string; readonly env?: Readonly<Record<string, string>> },
): { readonly app: WorkerApp; readonly store: StoreConnection; close(): Promise<void> } {
  const given = { REDIS_URL: redisUrl, MONGODB_URI: mongoUrl, QUEUE_PREFIX: prefix, ...QUICK, ...env };
  const config = loadConfig(workerConfigSchema, { env: given });
  const logger = createLogger({ app: 'worker', instance, level: 'silent' });
  const store = connectStore({ uri: mongoUrl, appName: instance });
  const producer = createEventsProducer({ redisUrl, prefix, attempts: config.RETRY_ATTEMPTS, logger });
  const inspector = createEventsInspector({ redisUrl, prefix, logger });
  const app = createWorkerApp({
    config,
    logger,
    instance,
    producer,
    events: createEventStore(store),
    applyLatest: createLatest(store).apply,
    readMappings: createMappings(store).readActive,
    pingStore: () => assertMigrated(store),
    inspector,
    metrics: createWorkerMetrics(createMetrics({ app: 'worker', instance })),
    now: Date.now,
  });
  const rollups = keepRollups({
    rollups: createRollups(store),
    leases: createLeases(store),
    instance,
    isHolding: app.isHolding,
    logger,
  });
  return {
    app,
    store,
    async close() {
      await app.close(10_000);
      await rollups.stop();
      await Promise.all([producer.close(), inspector.close(), store.close()]);
    },
  };
}
