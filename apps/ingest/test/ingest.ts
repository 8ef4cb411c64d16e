import type { Source } from '@sluice/contracts/source';
import { createGroupCommit } from '@sluice/protocol/group-commit';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createHealth } from '@sluice/runtime/health';
import { listen } from '@sluice/runtime/listen';
import { createLogger } from '@sluice/runtime/logger';
import { createMetrics } from '@sluice/runtime/metrics';
import { connectStore } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { migrate } from '@sluice/store/migrate';
import { createRejections } from '@sluice/store/rejections';
import { vi } from 'vitest';
import { type AcceptorOptions, createAcceptor } from '../src/acceptor.ts';
import { createIngestApp } from '../src/app.ts';
import { createIngestMetrics } from '../src/ingest-metrics.ts';
import { startRejectionLog } from '../src/rejection-log.ts';
import { createRoomyQueue } from '../src/roomy-queue.ts';
import { createSourceRegistry } from '../src/source-registry.ts';

export const SECRET = "It's a Secret to Everybody";

const SOURCES: readonly Source[] = [
  {
    id: 'github',
    tenant: 'default',
    schemaVersion: 1,
    kind: 'push',
    scheme: 'github',
    secrets: [{ value: SECRET }],
  },
  { id: 'open', tenant: 'acme', schemaVersion: 2, kind: 'push', scheme: 'none', secrets: [], type: 'note' },
];

/** Starts ingest in this process, over real stores, listening on a free port; as `main.ts` wires it. */
export async function startIngest({
  redisUrl,
  mongoUrl,
  prefix,
  config = { FAILURE_SIMULATION: 'on', UNKNOWN_SOURCES: 'accept' },
}: {
  readonly redisUrl: string;
  readonly mongoUrl: string;
  readonly prefix: string;
  readonly config?: AcceptorOptions['config'];
}) {
  const now = Date.now;
  const logger = createLogger({ app: 'ingest', instance: prefix, level: 'silent' });
  const processMetrics = createMetrics({ app: 'ingest', instance: prefix });
  const metrics = createIngestMetrics(processMetrics);
  const store = connectStore({ uri: mongoUrl, appName: prefix, operationTimeoutMs: 1000 });
  const queue = createRoomyQueue({ redisUrl, prefix, deadlineMs: 600, logger });
  const inspector = createEventsInspector({ redisUrl, prefix, logger });
  const inbox = createInbox(store);
  const commit = createGroupCommit({ instance: prefix, queue, inbox, now, onBatch: metrics.batchSent });
  const rejections = startRejectionLog({ write: createRejections(store).insertMany, logger, now });
  const sources = createSourceRegistry(SOURCES, { readEnv: () => undefined, now });
  const server = createIngestApp({
    logger,
    maxBodyBytes: 1024 ** 2,
    acceptor: createAcceptor({ commit, sources, config, now }),
    rejections,
    metrics,
    health: createHealth({ checks: { stores: () => Promise.any([queue.ping(), store.ping()]) } }),
    now,
  });
  const port = await listen(server, { host: '127.0.0.1', port: 0, setting: 'INGEST_PORT' });
  await migrate(store, 30_000);
  await vi.waitFor(() => Promise.all([queue.ping(), inspector.ping()]));

  async function readCounters(name: string, label: string): Promise<ReadonlyMap<string, number>> {
    const pattern = new RegExp(`^sluice_${name}\\{.*?${label}="([^"]+)".*\\} (\\d+)$`, 'gm');
    const found = (await processMetrics.read()).matchAll(pattern);
    return new Map([...found].map(([, value = '', count]) => [value, Number(count)]));
  }

  return {
    port,
    store,
    commit,
    inbox,
    inspector,
    readCounters,
    async listQueued() {
      const { items } = await inspector.listEvents({ state: 'waiting', limit: 500 });
      return items.map(({ event }) => event);
    },
    async close() {
      await server.close();
      await rejections.stop();
      await commit.close();
      await Promise.all([queue.close(), inspector.close(), store.close()]);
    },
  };
}

export type Ingest = Awaited<ReturnType<typeof startIngest>>;
