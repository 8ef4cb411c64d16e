import type { AcceptedEvent, NormalizedRecord } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import { createTestNames } from '@sluice/local/test-names';
import { createNormalizer } from '@sluice/normalizer/normalize';
import { readPayload } from '@sluice/normalizer/read-payload';
import type { TrialWorkers } from '@sluice/normalizer/trial-normalizer';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import { createBulkWriter } from '@sluice/protocol/bulk-writer';
import { RefusedPayloadError, UnknownVersionError } from '@sluice/protocol/failure';
import { createGroupCommit } from '@sluice/protocol/group-commit';
import { createKeyCheck } from '@sluice/protocol/key-check';
import { createJobSettler } from '@sluice/protocol/settle-job';
import { createRedis } from '@sluice/queue/connection';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { createEventsWorker } from '@sluice/queue/events-worker';
import { createJsonCache } from '@sluice/queue/json-cache';
import { createKeyMirror } from '@sluice/queue/key-mirror';
import { createMaintenanceSwitch } from '@sluice/queue/maintenance';
import { createPollsProducer } from '@sluice/queue/polls';
import { createHealth } from '@sluice/runtime/health';
import { createLogger } from '@sluice/runtime/logger';
import { createSecretBox } from '@sluice/sources/secret-box';
import { createAggregates } from '@sluice/store/aggregates';
import { createAlertStore } from '@sluice/store/alerts';
import { createApiKeys } from '@sluice/store/api-keys';
import { createAuditLog } from '@sluice/store/audit-log';
import { createBackupGaps } from '@sluice/store/backup-gaps';
import { connectStore, type StoreConnection } from '@sluice/store/connection';
import { createDocumentLooks } from '@sluice/store/document-looks';
import { createEventStore } from '@sluice/store/event-store';
import { createFullSyncStore } from '@sluice/store/full-syncs';
import { createInbox } from '@sluice/store/inbox';
import { createInstances } from '@sluice/store/instances';
import { createLatest } from '@sluice/store/latest';
import { migrate } from '@sluice/store/migrate';
import { createRejections } from '@sluice/store/rejections';
import { createSyncFailures } from '@sluice/store/sync-failures';
import { createSyncStates } from '@sluice/store/sync-state';
import { createVitals } from '@sluice/store/vitals';
import { afterAll, beforeAll, inject, onTestFinished, vi } from 'vitest';
import { createApiApp } from '../src/app.ts';
import { createEventReaders } from '../src/event-readers.ts';
import { createOperationParts } from '../src/operations/operation-parts.ts';
import { createQueueParts } from '../src/processes/queue-parts.ts';
import { createSourceParts } from '../src/source-parts.ts';
import { createVitalList } from '../src/vital-list.ts';

export const logger = createLogger({ app: 'api', instance: 'api-test', level: 'silent' });

/** Addresses where nobody listens. */
const NOWHERE = 'http://127.0.0.1:9';
export const NO_REDIS = 'redis://127.0.0.1:9';
export const NO_MONGO = 'mongodb://127.0.0.1:9/x?replicaSet=rs0';

export const SECRETS_KEY = Buffer.alloc(32, 7).toString('base64');

/** Gives a test file a migrated database, dropped at the end, and a prefix of its own. */
export function useStores(): {
  readonly store: StoreConnection;
  readonly prefix: string;
  readonly redisUrl: string;
} {
  const { mongoUrl, prefix } = createTestNames();
  const store = connectStore({ uri: mongoUrl, appName: 'api-test', operationTimeoutMs: 10_000 });
  beforeAll(() => migrate(store, 30_000));
  afterAll(async () => {
    await store.db.dropDatabase();
    await store.close();
  });
  return { store, prefix, redisUrl: inject('redisUrl') };
}

export type ApiOptions = {
  readonly store: StoreConnection;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly ingestUrl?: string;
  readonly liveUrl?: string;
  /** 32 bytes as base64; `null` for none. */
  readonly secretsKey?: string | null;
  /** As what the workers are taken in trials of mappings. */
  readonly workers?: TrialWorkers;
  /** Whether keys are asked for; `off` by default. */
  readonly auth?: 'on' | 'off';
  readonly now?: () => number;
  /** Proxies that are believed; nobody by default. */
  readonly trustedProxies?: readonly string[];
  /** Where the dashboard was built to; nowhere by default. */
  readonly dashboardDir?: string;
};

/** Creates the api on real stores; it is closed with the test. */
export async function startApi({
  store,
  redisUrl,
  prefix,
  ingestUrl = NOWHERE,
  liveUrl = NOWHERE,
  secretsKey = SECRETS_KEY,
  workers = {},
  trustedProxies = [],
  auth = 'off',
  now = Date.now,
  dashboardDir = '',
}: ApiOptions) {
  const inspector = createEventsInspector({ redisUrl, prefix, deadlineMs: 500, logger });
  const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs: 250, logger });
  const polls = createPollsProducer({ redisUrl, prefix, logger });
  const events = createEventReaders({ store, inspector, now: Date.now });
  const keys = createApiKeys(store);
  const mirror = createKeyMirror({ redis, prefix, now });
  const onTrouble = (error: unknown) => logger.warn({ err: error }, 'key.not-read-again');
  const { check } = createKeyCheck({ store: keys, mirror, now, elapsed: now, onTrouble });
  const checkKey = auth === 'on' ? check : null;
  const server = await createApiApp({
    ...{ dashboardDir, trustedProxies },
    access: { checkKey, keys, mirror, auditLog: createAuditLog(store), now, simulatesFailures: false },
    logger,
    health: createHealth({ checks: { mongodb: () => store.ping(), redis: inspector.ping } }),
    events,
    vitalData: {
      listVitals: createVitalList({
        vitals: createVitals(store),
        cache: createJsonCache({ redis, prefix }),
        now: Date.now,
      }),
    },
    aggregates: { readAggregates: createAggregates(store).read },
    alerts: { alerts: createAlertStore(store) },
    maintenance: { inspector, maintenance: createMaintenanceSwitch({ redis, prefix, now: Date.now }) },
    queues: createQueueParts({ redis, inspector, prefix, now }),
    rejections: { listRejections: createRejections(store).list },
    sources: createSourceParts({
      store,
      polls,
      box: createSecretBox({ key: secretsKey ?? undefined }),
      workers,
      now,
    }),
    operations: createOperationParts({
      ...{ store, readDetail: events.readDetail, now: Date.now },
      maxPerSecond: 1000,
    }),
    fullSyncs: {
      ...{ fullSyncs: createFullSyncStore(store), looks: createDocumentLooks(store) },
      ...{ syncStates: createSyncStates(store), now },
    },
    sync: {
      ...{ syncStates: createSyncStates(store), syncFailures: createSyncFailures(store) },
      ...{ gaps: createBackupGaps(store), now },
    },
    board: { redisUrl, prefix, logger },
    port: 3001,
    ingestUrl,
    liveUrl,
  });
  onTestFinished(async () => {
    await server.close();
    await inspector.close();
    await redis.close();
    await polls.close();
  });
  if (redisUrl !== NO_REDIS) await vi.waitFor(() => Promise.all([inspector.ping(), redis.ping()]));
  async function get(url: string) {
    const response = await server.inject({ method: 'GET', url });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  }
  return { server, get, inspector, keys, mirror };
}

/** Makes an accepted event as ingest does. */
export function toEvent(
  payload: JsonValue,
  fields: Partial<Pick<AcceptedEvent, 'tenant' | 'source' | 'simulate' | 'schemaVersion' | 'type'>> & {
    readonly key?: string;
    readonly text?: string;
    readonly contentType?: string;
  } = {},
): AcceptedEvent {
  const {
    tenant = 'default',
    source = 'shop',
    key,
    text,
    contentType = 'application/json',
    simulate,
    schemaVersion = 1,
    type,
  } = fields;
  return toAcceptedEvent({
    tenant,
    source,
    via: 'webhook',
    form: 'payload',
    headers: { 'content-type': contentType, 'x-test': 'yes' },
    contentType,
    body: Buffer.from(text ?? JSON.stringify(payload)),
    payload: text === undefined ? payload : undefined,
    exact: true,
    key: key === undefined ? null : { value: key, origin: 'header' },
    type,
    schemaVersion,
    simulate,
    receivedAtMs: Date.now(),
  });
}

/** What ingest and a worker do, in this process. */
export async function createPipeline({ store, redisUrl, prefix }: ApiOptions) {
  const instance = `ingest-${prefix}-${Math.random().toString(16).slice(2, 8)}`;
  const queue = createEventsProducer({ redisUrl, prefix, logger });
  const inbox = createInbox(store);
  const commit = createGroupCommit({ instance, queue, inbox });
  const { beat } = createInstances(store);
  const startedAt = new Date();
  await vi.waitFor(() => queue.ping());
  onTestFinished(async () => {
    await commit.close();
    await queue.close();
  });

  return {
    instance,
    queue,
    submit: commit.submit,
    /** Tells the ledger how far the batches are numbered. */
    beat: () => beat({ _id: instance, app: 'ingest', ...commit.head(), startedAt, seenAt: new Date() }),
    /** Starts a worker; before each job it waits for `gate`. */
    startWorker({
      attempts = 8,
      backoffMs = 1000,
      gate,
    }: {
      readonly attempts?: number;
      readonly backoffMs?: number;
      readonly gate?: Promise<void>;
    } = {}) {
      const latest = createLatest(store);
      const writer = createBulkWriter({
        store: createEventStore(store),
        worker: 'worker-test',
        now: Date.now,
        onCommitted: async (records) => {
          await latest.apply(records);
        },
      });
      const settle = createJobSettler({
        writer,
        queue,
        normalize: createNormalize(),
        now: Date.now,
        attempts,
        backoffMs,
      });
      const worker = createEventsWorker({
        redisUrl,
        prefix,
        concurrency: 4,
        backoffMs: () => backoffMs,
        logger,
        process: async (job) => {
          await gate;
          return settle(job);
        },
      });
      const close = () => worker.close({ deadlineMs: 5000 });
      onTestFinished(close);
      return { close };
    },
  };
}

function createNormalize(): (event: AcceptedEvent) => NormalizedRecord {
  const normalizer = createNormalizer({ supportedVersions: [1, 2] });
  return ({ contentHash, tenant, source, schemaVersion, receivedAt, type, ...event }) => {
    if (!normalizer.isSupported(schemaVersion)) throw new UnknownVersionError(schemaVersion);
    const result = normalizer.normalize({
      tenant,
      source,
      contentHash,
      payload: readPayload(event),
      schemaVersion,
      receivedAt,
      ...(type === undefined ? {} : { type }),
    });
    if (result.kind === 'refused') throw new RefusedPayloadError(result.code, result.message);
    if (result.kind === 'unknown-version') throw new UnknownVersionError(result.version);
    return result.record;
  };
}
