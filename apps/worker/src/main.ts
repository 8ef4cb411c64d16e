import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { startProcessBeats } from '@sluice/queue/process-beats';
import { createAdminServer } from '@sluice/runtime/admin-server';
import { createHealth } from '@sluice/runtime/health';
import { createMetrics } from '@sluice/runtime/metrics';
import { readProcessIdentity } from '@sluice/runtime/process-identity';
import { runApp } from '@sluice/runtime/run-app';
import { connectStore } from '@sluice/store/connection';
import { createEventStore } from '@sluice/store/event-store';
import { createLatest } from '@sluice/store/latest';
import { createLeases } from '@sluice/store/leases';
import { createMappings } from '@sluice/store/mappings';
import { assertMigrated, migrate } from '@sluice/store/migrate';
import { createRollups } from '@sluice/store/rollups';
import { createWorkerApp, type WorkerApp } from './app.ts';
import { workerConfigSchema } from './config.ts';
import { createRollupMetrics } from './rollup-metrics.ts';
import { keepRollups } from './rollups.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

/** The share of the time to end that the jobs in hand may take; the rest is for the connections. */
const SETTLE_SHARE = 0.8;

await runApp({
  app: 'worker',
  schema: workerConfigSchema,
  start: async ({ config, logger, lifecycle, instance }) => {
    const metrics = createMetrics({ app: 'worker', instance });
    const store = connectStore({ uri: config.MONGODB_URI, appName: instance });
    lifecycle.add('mongodb', () => store.close());
    const producer = createEventsProducer({
      redisUrl: config.REDIS_URL,
      prefix: config.QUEUE_PREFIX,
      attempts: config.RETRY_ATTEMPTS,
      logger,
    });
    lifecycle.add('redis', () => producer.close());
    const inspector = createEventsInspector({
      redisUrl: config.REDIS_URL,
      prefix: config.QUEUE_PREFIX,
      logger,
    });
    lifecycle.add('redis counts', () => inspector.close());
    let app: WorkerApp | undefined;
    const beats = startProcessBeats({
      ...{ redisUrl: config.REDIS_URL, prefix: config.QUEUE_PREFIX, logger, now: Date.now },
      identity: { app: 'worker', instance, ...readProcessIdentity() },
      read: () => app?.readNow() ?? {},
      isClosing: lifecycle.isClosing,
    });
    lifecycle.add('process beats', beats.stop);
    const health = createHealth({
      checks: { mongodb: () => assertMigrated(store), redis: producer.ping },
      isAlive: () => app?.isAlive() ?? true,
      isClosing: lifecycle.isClosing,
    });
    const { server } = await createAdminServer({
      host: config.HOST,
      port: config.WORKER_PORT,
      setting: 'WORKER_PORT',
      health,
      metrics,
      logger,
    });
    lifecycle.add('admin server', () => server.close());
    if (config.AUTO_MIGRATE === 'on') await migrate(store);
    const onRefused = (subject: string) => logger.error({ subject }, 'latest.refused');
    const started = createWorkerApp({
      config,
      logger,
      instance,
      producer,
      events: createEventStore(store),
      applyLatest: createLatest(store, { onRefused }).apply,
      readMappings: createMappings(store).readActive,
      pingStore: () => assertMigrated(store),
      inspector,
      metrics: createWorkerMetrics(metrics),
      now: Date.now,
    });
    app = started;
    const rollups = keepRollups({
      rollups: createRollups(store),
      leases: createLeases(store),
      instance,
      isHolding: started.isHolding,
      onFolded: createRollupMetrics(metrics).folded,
      logger,
    });
    lifecycle.add('rollups', () => rollups.stop());
    lifecycle.add('worker', () => started.close(config.SHUTDOWN_TIMEOUT_MS * SETTLE_SHARE));
  },
});
