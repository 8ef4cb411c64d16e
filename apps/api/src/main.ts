import { join } from 'node:path';
import { createRedis } from '@sluice/queue/connection';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createJsonCache } from '@sluice/queue/json-cache';
import { createMaintenanceSwitch } from '@sluice/queue/maintenance';
import { createPollsProducer } from '@sluice/queue/polls';
import { startProcessBeats } from '@sluice/queue/process-beats';
import { createAdminServer } from '@sluice/runtime/admin-server';
import { createHealth } from '@sluice/runtime/health';
import { listen } from '@sluice/runtime/listen';
import { createMetrics } from '@sluice/runtime/metrics';
import { readProcessIdentity } from '@sluice/runtime/process-identity';
import { runApp } from '@sluice/runtime/run-app';
import { createSecretBox } from '@sluice/sources/secret-box';
import { createAggregates } from '@sluice/store/aggregates';
import { createAlertStore } from '@sluice/store/alerts';
import { createBackupGaps } from '@sluice/store/backup-gaps';
import { connectStore } from '@sluice/store/connection';
import { createDocumentLooks } from '@sluice/store/document-looks';
import { createFullSyncStore } from '@sluice/store/full-syncs';
import { createRejections } from '@sluice/store/rejections';
import { createSourceStore } from '@sluice/store/sources-store';
import { createSyncFailures } from '@sluice/store/sync-failures';
import { createSyncStates } from '@sluice/store/sync-state';
import { createVitals } from '@sluice/store/vitals';
import { openAccess } from './access-parts.ts';
import { createApiApp } from './app.ts';
import { apiConfigSchema } from './config.ts';
import { createEventReaders } from './event-readers.ts';
import { createOperationParts } from './operations/operation-parts.ts';
import { createQueueParts } from './processes/queue-parts.ts';
import { createSourceParts } from './source-parts.ts';
import { startResealing } from './sources/reseal-sources.ts';
import { createVitalList } from './vital-list.ts';

await runApp({
  app: 'api',
  schema: apiConfigSchema,
  start: async ({ config, logger, lifecycle, instance }) => {
    const { HOST: host, REDIS_URL: redisUrl, QUEUE_PREFIX: prefix } = config;
    const metrics = createMetrics({ app: 'api', instance });
    const store = connectStore({ uri: config.MONGODB_URI, appName: instance });
    lifecycle.add('mongodb', () => store.close());
    const inspector = createEventsInspector({ redisUrl, prefix, deadlineMs: 500, logger });
    lifecycle.add('redis', () => inspector.close());
    const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs: 250, logger });
    lifecycle.add('redis cache', () => redis.close());
    const polls = createPollsProducer({ redisUrl, prefix, deadlineMs: 1000, logger });
    lifecycle.add('polls producer', () => polls.close());
    const beats = startProcessBeats({
      ...{ redisUrl, prefix, logger, now: Date.now },
      identity: { app: 'api', instance, ...readProcessIdentity() },
      isClosing: lifecycle.isClosing,
    });
    lifecycle.add('process beats', beats.stop);
    const box = createSecretBox({ key: config.SECRETS_KEY, oldKeys: config.SECRETS_KEYS_OLD });
    const resealing = startResealing({ sources: createSourceStore(store), box, logger });
    lifecycle.add('resealing', resealing.stop);
    const access = openAccess({ config, logger, lifecycle, instance }, store);
    const health = createHealth({
      checks: { mongodb: () => store.ping(), redis: inspector.ping, ...access.checks },
      isClosing: lifecycle.isClosing,
    });
    const setting = 'API_METRICS_PORT';
    const admin = await createAdminServer({ host, port: config[setting], setting, health, metrics, logger });
    lifecycle.add('admin server', () => admin.server.close());
    const events = createEventReaders({ store, inspector, now: Date.now });
    const server = await createApiApp({
      trustedProxies: config.TRUSTED_PROXIES,
      access,
      logger,
      health,
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
      queues: createQueueParts({ redis, inspector, prefix, now: Date.now }),
      rejections: { listRejections: createRejections(store).list },
      sources: createSourceParts({
        ...{ store, polls, box, now: Date.now },
        workers: { supportedVersions: config.SUPPORTED_SCHEMA_VERSIONS },
      }),
      operations: createOperationParts({
        ...{ store, readDetail: events.readDetail, now: Date.now },
        maxPerSecond: config.REPLAY_MAX_PER_SECOND,
      }),
      sync: {
        ...{ syncStates: createSyncStates(store), syncFailures: createSyncFailures(store) },
        ...{ gaps: createBackupGaps(store), now: Date.now },
      },
      fullSyncs: {
        ...{ fullSyncs: createFullSyncStore(store), looks: createDocumentLooks(store) },
        ...{ syncStates: createSyncStates(store), now: Date.now },
      },
      board: { redisUrl, prefix, logger },
      port: config.API_PORT,
      ingestUrl: config.INGEST_URL,
      liveUrl: config.LIVE_URL,
      dashboardDir: join(import.meta.dirname, '../../dashboard/dist'),
    });
    lifecycle.add('server', () => server.close());
    await listen(server, { host, port: config.API_PORT, setting: 'API_PORT' });
  },
});
