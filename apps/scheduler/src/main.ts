import { createRedis } from '@sluice/queue/connection';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { createPollsProducer } from '@sluice/queue/polls';
import { startProcessBeats } from '@sluice/queue/process-beats';
import { createProcessRegister } from '@sluice/queue/process-register';
import { createMemoryReader } from '@sluice/queue/redis-memory';
import { createAdminServer } from '@sluice/runtime/admin-server';
import { readEnvironment } from '@sluice/runtime/config';
import { createHealth } from '@sluice/runtime/health';
import { createMetrics } from '@sluice/runtime/metrics';
import { readProcessIdentity } from '@sluice/runtime/process-identity';
import { runApp } from '@sluice/runtime/run-app';
import { createSecretBox } from '@sluice/sources/secret-box';
import { createSourceSealer } from '@sluice/sources/source-sealer';
import { loadSourcesFile } from '@sluice/sources/sources-file';
import { createAppVersions } from '@sluice/store/app-versions';
import { createBackupGaps } from '@sluice/store/backup-gaps';
import { createCheckpoints } from '@sluice/store/checkpoints';
import { connectStore } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { createInstances, endInstances } from '@sluice/store/instances';
import { createLeases } from '@sluice/store/leases';
import { createMappings } from '@sluice/store/mappings';
import { assertMigrated, migrate } from '@sluice/store/migrate';
import { createOpenEvents } from '@sluice/store/open-events';
import { createOperationSets } from '@sluice/store/operation-sets';
import { recountOutcomes } from '@sluice/store/outcome-recount';
import { createPollRuns } from '@sluice/store/poll-runs';
import { compactReceipts } from '@sluice/store/receipts';
import { createRejections } from '@sluice/store/rejections';
import { createSamples } from '@sluice/store/samples';
import { createSourceStore } from '@sluice/store/sources-store';
import { createSyncStates } from '@sluice/store/sync-state';
import { openAlerts } from './alerts/open-alerts.ts';
import { createScheduler, type Scheduler } from './app.ts';
import { schedulerConfigSchema } from './config.ts';
import { startLeasedRounds } from './leased-rounds.ts';
import { startReceiptFolder } from './receipt-folder.ts';
import { startSampler } from './samples/sampler.ts';
import { createSchedulerMetrics } from './scheduler-metrics.ts';
import { createStoredSources } from './stored-sources.ts';
import { addSystemMetrics } from './system-metrics.ts';

/** The share of the time to end that a scheduler's work may take; the rest is for the connections. */
const WORK_SHARE = 0.8;

await runApp({
  app: 'scheduler',
  schema: schedulerConfigSchema,
  start: async ({ config, logger, lifecycle, instance }) => {
    const { HOST: host, REDIS_URL: redisUrl, QUEUE_PREFIX: prefix } = config;
    const declared = await loadSourcesFile(config.SOURCES_FILE);
    const box = createSecretBox({ key: config.SECRETS_KEY, oldKeys: config.SECRETS_KEYS_OLD });
    const metrics = createMetrics({ app: 'scheduler', instance });
    const store = connectStore({ uri: config.MONGODB_URI, appName: instance });
    lifecycle.add('mongodb', () => store.close());
    const redis = createRedis({ url: redisUrl, role: 'producer', logger });
    lifecycle.add('redis', () => redis.close());
    const queue = createEventsProducer({ redisUrl, prefix, logger });
    lifecycle.add('events producer', () => queue.close());
    const inspector = createEventsInspector({ redisUrl, prefix, logger });
    lifecycle.add('queue counts', () => inspector.close());
    const pollQueue = createPollsProducer({ redisUrl, prefix, logger });
    lifecycle.add('polls producer', () => pollQueue.close());
    let running: Scheduler | undefined;
    const beats = startProcessBeats({
      ...{ redisUrl, prefix, logger, now: Date.now },
      identity: { app: 'scheduler', instance, ...readProcessIdentity() },
      read: () => running?.readNow() ?? {},
      isClosing: lifecycle.isClosing,
    });
    lifecycle.add('process beats', beats.stop);
    const checks = { mongodb: () => assertMigrated(store), redis: redis.ping };
    const health = createHealth({ checks, isClosing: lifecycle.isClosing });
    const at = { host, port: config.SCHEDULER_PORT, setting: 'SCHEDULER_PORT' };
    const { server } = await createAdminServer({ ...at, health, metrics, logger });
    lifecycle.add('admin server', () => server.close());
    if (config.AUTO_MIGRATE === 'on') await migrate(store);
    const sourceStore = createSourceStore(store, { timeoutMs: 10_000 });
    await sourceStore.applyFile(declared, createSourceSealer(box));
    await createMappings(store, { timeoutMs: 10_000 }).applyFile(declared);
    const stores = {
      inbox: createInbox(store),
      openEvents: createOpenEvents(store),
      operationSets: createOperationSets(store),
      instances: createInstances(store),
      leases: createLeases(store),
      checkpoints: createCheckpoints(store),
      pollRuns: createPollRuns(store),
      rejections: createRejections(store),
      sources: createStoredSources({ store: sourceStore, box, logger }),
    };
    const readMemory = createMemoryReader({ redis, maxAgeMs: 0 });
    const parts = {
      queue,
      inspector,
      pollQueue,
      readMemory,
      metrics: createSchedulerMetrics(metrics),
      readEnv: readEnvironment,
      ...stores,
    };
    const scheduler = createScheduler({ config, logger, instance, ...parts, now: Date.now });
    running = scheduler;
    lifecycle.add('scheduler', () => scheduler.close(config.SHUTDOWN_TIMEOUT_MS * WORK_SHARE));
    addSystemMetrics(metrics, { inspector, inbox: stores.inbox, logger });
    const alerts = openAlerts({
      ...{ config, metrics, store, inspector, logger, holder: instance, now: Date.now },
      leases: stores.leases,
    });
    lifecycle.add('alerts', alerts.stop);
    const folder = startReceiptFolder({
      ...{ compact: () => compactReceipts(store), endInstances: () => endInstances(store) },
      ...{ leases: stores.leases, holder: instance, logger },
    });
    lifecycle.add('receipt folder', folder.stop);
    const recounter = startLeasedRounds({
      ...{ name: 'recount-hours', work: () => recountOutcomes(store) },
      ...{ leases: stores.leases, holder: instance, logger },
    });
    lifecycle.add('recounter', recounter.stop);
    const sampler = startSampler({
      ...{ samples: createSamples(store), states: createSyncStates(store), gaps: createBackupGaps(store) },
      ...{ versions: createAppVersions(store), register: createProcessRegister({ redis, prefix }) },
      ...{ inspector, logger, now: Date.now },
    });
    lifecycle.add('sampler', sampler.stop);
  },
});
