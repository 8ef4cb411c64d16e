import type { CheckKey } from '@sluice/contracts/access';
import { sourcesFileSchema } from '@sluice/contracts/source';
import { createTestNames } from '@sluice/local/test-names';
import { createGroupCommit } from '@sluice/protocol/group-commit';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createSourceMirror } from '@sluice/queue/source-mirror';
import { createHealth } from '@sluice/runtime/health';
import { listen } from '@sluice/runtime/listen';
import { createLogger } from '@sluice/runtime/logger';
import { createMetrics } from '@sluice/runtime/metrics';
import { createSecretBox } from '@sluice/sources/secret-box';
import { connectStore } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { migrate } from '@sluice/store/migrate';
import { createRejections } from '@sluice/store/rejections';
import { createSourceStore } from '@sluice/store/sources-store';
import { afterAll, beforeAll, inject, vi } from 'vitest';
import { type AcceptorOptions, createAcceptor } from '../src/acceptor.ts';
import { createIngestApp } from '../src/app.ts';
import { createIngestMetrics } from '../src/ingest-metrics.ts';
import { startLiveSources } from '../src/live-sources.ts';
import { startRejectionLog } from '../src/rejection-log.ts';
import { createRoomyQueue } from '../src/roomy-queue.ts';

export const SECRET = "It's a Secret to Everybody";

export const SECRETS_KEY = Buffer.alloc(32, 7).toString('base64');

/** What the secrets of sources that a test puts into the store are sealed with. */
export const SECRET_BOX = createSecretBox({ key: SECRETS_KEY });

const CONFIG = { FAILURE_SIMULATION: 'on', UNKNOWN_SOURCES: 'accept', MAX_BODY_BYTES: 1024 ** 2 } as const;

const SOURCES = [
  { id: 'github', kind: 'push', scheme: 'github', secrets: [{ value: SECRET }] },
  {
    ...{ id: 'open', tenant: 'acme', schemaVersion: 2, kind: 'push', scheme: 'none', type: 'note' },
    bodies: ['json', 'form', 'text'],
  },
  { id: 'json-only', kind: 'push' },
];

type IngestSettings = {
  readonly config?: AcceptorOptions['config'];
  /** As a sources file declares them. */
  readonly sources?: readonly unknown[];
  /** Nobody is asked for a key by default. */
  readonly checkKey?: CheckKey;
};

/**
 * Starts ingest before the first test of a file, on the stores of the test run, and ends it after the last one. What it
 * returns is complete from the first test on.
 */
export function useIngest(settings: IngestSettings = {}): Ingest {
  const { prefix, mongoUrl } = createTestNames();
  const ingest: Partial<Ingest> = {};
  let started: Ingest | undefined;
  beforeAll(async () => {
    started = await startIngest({ redisUrl: inject('redisUrl'), mongoUrl, prefix, ...settings });
    Object.assign(ingest, started);
  });
  afterAll(async () => {
    await started?.store.db.dropDatabase();
    await started?.close();
  });
  return ingest as Ingest;
}

/** Starts ingest in this process, over real stores, listening on a free port; as `main.ts` wires it. */
export async function startIngest({
  redisUrl,
  mongoUrl,
  prefix,
  config = CONFIG,
  sources: declared = SOURCES,
  checkKey,
}: IngestSettings & { readonly redisUrl: string; readonly mongoUrl: string; readonly prefix: string }) {
  const now = Date.now;
  const logger = createLogger({ app: 'ingest', instance: prefix, level: 'silent' });
  const processMetrics = createMetrics({ app: 'ingest', instance: prefix });
  const metrics = createIngestMetrics(processMetrics);
  const store = connectStore({ uri: mongoUrl, appName: prefix, operationTimeoutMs: 1000 });
  const queue = createRoomyQueue({ redisUrl, prefix, deadlineMs: 600, logger });
  const inspector = createEventsInspector({ redisUrl, prefix, logger });
  const inbox = createInbox(store);
  const commit = createGroupCommit({ instance: prefix, queue, inbox, onBatch: metrics.batchSent });
  const mirror = createSourceMirror({ redisUrl, prefix, logger });
  const live = startLiveSources({
    declared: sourcesFileSchema.parse({ sources: declared }).sources,
    store: createSourceStore(store),
    mirror,
    box: SECRET_BOX,
    environment: { readEnv: () => undefined, now },
    logger,
    readEveryMs: 100,
  });
  const { sources } = live;
  const rejections = startRejectionLog({ write: createRejections(store).insertMany, sources, logger, now });
  const server = createIngestApp({
    logger,
    maxBodyBytes: 1024 ** 2,
    acceptor: createAcceptor({ commit, sources, config, now }),
    rejections,
    metrics,
    health: createHealth({ checks: { stores: () => Promise.any([queue.ping(), store.ping()]) } }),
    checkKey: checkKey ?? null,
    now,
  });
  await live.firstTry;
  const port = await listen(server, { host: '127.0.0.1', port: 0, setting: 'INGEST_PORT' });
  await migrate(store, 30_000);
  await vi.waitFor(() => Promise.all([queue.ping(), inspector.ping()]));

  async function readCounters(name: string, label: string): Promise<ReadonlyMap<string, number>> {
    const pattern = new RegExp(`^sluice_${name}\\{.*?${label}="([^"]+)".*\\} (\\d+)$`, 'gm');
    const found = (await processMetrics.read()).matchAll(pattern);
    const counts = new Map<string, number>();
    for (const [, value = '', count] of found) counts.set(value, (counts.get(value) ?? 0) + Number(count));
    return counts;
  }

  async function readCount(name: string): Promise<number> {
    const [, count] =
      new RegExp(`^sluice_${name}(?:\\{.*\\})? (\\d+)$`, 'm').exec(await processMetrics.read()) ?? [];
    return Number(count ?? 0);
  }

  return {
    redisUrl,
    mongoUrl,
    prefix,
    port,
    store,
    commit,
    inbox,
    inspector,
    mirror,
    readCounters,
    readCount,
    async listQueued() {
      const { items } = await inspector.listEvents({ state: 'waiting', limit: 500 });
      return items.map(({ event }) => event);
    },
    async close() {
      await server.close();
      await rejections.stop();
      await live.stop();
      await commit.close();
      await Promise.all([queue.close(), inspector.close(), mirror.close(), store.close()]);
    },
  };
}

export type Ingest = Awaited<ReturnType<typeof startIngest>>;
