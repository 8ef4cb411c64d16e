import { randomBytes } from 'node:crypto';
import type { CheckKey } from '@sluice/contracts/access';
import type { NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import { createTestNames } from '@sluice/local/test-names';
import { createHealth } from '@sluice/runtime/health';
import { createLogger } from '@sluice/runtime/logger';
import { createMetrics } from '@sluice/runtime/metrics';
import { toCollection } from '@sluice/store/collections';
import { connectStore, type StoreConnection } from '@sluice/store/connection';
import { migrate } from '@sluice/store/migrate';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { createLiveApp } from '../src/app.ts';
import { createLiveMetrics } from '../src/live-metrics.ts';
import { createStreamHub, type StreamHubOptions } from '../src/stream-hub.ts';
import { createRecordSource, createStatusSource } from '../src/stream-source.ts';
import { openStream } from './sse-reader.ts';

const START = Date.parse('2026-01-02T03:04:05.678Z');

/** Connects a test file to a migrated database of its own, which is dropped at the end. */
export function useDatabase(): { readonly store: StoreConnection; readonly mongoUrl: string } {
  const { mongoUrl } = createTestNames();
  const store = connectStore({ uri: mongoUrl, appName: 'live-test', operationTimeoutMs: 10_000 });
  beforeAll(() => migrate(store, 30_000));
  afterAll(async () => {
    await store.db.dropDatabase();
    await store.close();
  });
  return { store, mongoUrl };
}

/** Makes the normalized event number `n`. */
export function toDocument(
  n: number,
  fields: Partial<NormalizedEventDocument> = {},
): NormalizedEventDocument {
  return {
    _id: `evt_${randomBytes(16).toString('hex')}`,
    tenant: 'default',
    source: 'shop',
    type: 'metric',
    subject: 'sales',
    timestamp: new Date(START + n),
    data: { n },
    normalizedHash: randomBytes(32).toString('hex'),
    contentHash: randomBytes(32).toString('hex'),
    schemaVersion: 1,
    mappingRevision: null,
    lineage: {},
    warnings: [],
    receivedAt: new Date(START),
    storedAt: new Date(START),
    ...fields,
  };
}

/** Makes a raw event. */
export function toRawDocument(fields: Partial<RawEventDocument> = {}): RawEventDocument {
  const contentHash = randomBytes(32).toString('hex');
  return {
    _id: `evt_${randomBytes(16).toString('hex')}`,
    tenant: 'default',
    source: 'shop',
    via: 'api',
    form: 'payload',
    idempotencyKey: contentHash,
    keyOrigin: 'content',
    contentHash,
    contentType: 'application/json',
    headers: {},
    body: Buffer.from('{"amount":1}'),
    schemaVersion: 1,
    receivedAt: new Date(START),
    status: 'normalized',
    run: 0,
    attempts: 1,
    storedAt: new Date(START),
    updatedAt: new Date(START),
    ...fields,
  };
}

/** Stores the normalized events number `from` to `to`, several at a time, in order. */
export async function insertNumbers(store: StoreConnection, from: number, to: number): Promise<void> {
  const collection = toCollection(store, 'normalized_events');
  for (let n = from; n <= to; n += 7) {
    const portion = Array.from({ length: Math.min(7, to - n + 1) }, (_, index) => toDocument(n + index));
    await collection.insertMany(portion);
  }
}

/** How live is started: as a hub is, and with a check of keys (default none). */
export type LiveOptions = Partial<StreamHubOptions> & { readonly checkKey?: CheckKey };

/** Starts live in this process and waits until it watches; it is closed with the test at the latest. */
export async function startLive(mongoUrl: string, options: LiveOptions = {}) {
  const live = await startUnopenedLive(mongoUrl, options);
  const probe = await openStream(`${live.url}/stream`);
  await probe.next(({ id }) => id !== undefined);
  probe.close();
  return live;
}

/** Starts live in this process; it is closed with the test at the latest. */
export async function startUnopenedLive(mongoUrl: string, { checkKey, ...options }: LiveOptions = {}) {
  const logger = createLogger({ app: 'live', instance: 'live-test', level: 'silent' });
  const metrics = createMetrics({ app: 'live', instance: 'live-test' });
  const store = connectStore({ uri: mongoUrl, appName: 'live-test' });
  const liveMetrics = createLiveMetrics(metrics);
  const common = { logger, now: Date.now, heartbeatMs: 200 };
  const records = createStreamHub({
    watch: createRecordSource(store),
    metrics: liveMetrics('records'),
    ...common,
    ...options,
  });
  const statuses = createStreamHub({
    watch: createStatusSource(store),
    metrics: liveMetrics('statuses'),
    ...common,
  });
  const server = createLiveApp({
    logger,
    health: createHealth({ checks: { mongodb: () => store.ping() } }),
    records,
    statuses,
    checkKey: checkKey ?? null,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  let closing: Promise<void> | undefined;
  async function closeOnce(): Promise<void> {
    await server.close();
    await Promise.all([records.close(), statuses.close()]);
    await store.close();
  }
  function close(): Promise<void> {
    closing ??= closeOnce();
    return closing;
  }
  onTestFinished(close);
  return { url, port: Number(new URL(url).port), server, metrics, close };
}
