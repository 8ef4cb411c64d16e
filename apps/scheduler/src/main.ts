import { createGroupCommit } from '@sluice/protocol/group-commit';
import { startHeartbeat } from '@sluice/protocol/heartbeat';
import { createRedis } from '@sluice/queue/connection';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { createPollsProducer, createPollsWorker } from '@sluice/queue/polls';
import { createMemoryReader } from '@sluice/queue/redis-memory';
import { createAdminServer } from '@sluice/runtime/admin-server';
import { createHealth } from '@sluice/runtime/health';
import { createMetrics } from '@sluice/runtime/metrics';
import { runApp } from '@sluice/runtime/run-app';
import { loadSourcesFile } from '@sluice/sources/sources-file';
import { createCheckpoints } from '@sluice/store/checkpoints';
import { connectStore } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { createInstances } from '@sluice/store/instances';
import { createLeases } from '@sluice/store/leases';
import { assertMigrated, migrate } from '@sluice/store/migrate';
import { createSourceStore } from '@sluice/store/sources-store';
import { schedulerConfigSchema } from './config.ts';
import { createPollRun } from './poll-run.ts';
import { createPollStore } from './poll-store.ts';
import { createPollProcessor } from './polls.ts';
import { createSchedulerMetrics } from './scheduler-metrics.ts';
import { startSweeper } from './sweeper.ts';
import { startTicker } from './ticker.ts';

await runApp({
  app: 'scheduler',
  schema: schedulerConfigSchema,
  start: async ({ config, logger, lifecycle, instance }) => {
    const { HOST: host, REDIS_URL: redisUrl, QUEUE_PREFIX: prefix } = config;
    const now = Date.now;
    const declared = await loadSourcesFile(config.SOURCES_FILE);
    const sources = declared.filter((source) => source.kind === 'poll');
    const metrics = createMetrics({ app: 'scheduler', instance });
    const store = connectStore({ uri: config.MONGODB_URI, appName: instance });
    lifecycle.add('mongodb', () => store.close());
    const redis = createRedis({ url: redisUrl, role: 'producer', logger });
    lifecycle.add('redis', () => redis.close());
    const queue = createEventsProducer({ redisUrl, prefix, logger });
    lifecycle.add('events producer', () => queue.close());
    const pollQueue = createPollsProducer({ redisUrl, prefix, logger });
    lifecycle.add('polls producer', () => pollQueue.close());
    const health = createHealth({
      checks: { mongodb: () => assertMigrated(store), redis: redis.ping },
      isClosing: lifecycle.isClosing,
    });
    const setting = 'SCHEDULER_PORT';
    const admin = await createAdminServer({ host, port: config[setting], setting, health, metrics, logger });
    lifecycle.add('admin server', () => admin.server.close());
    if (config.AUTO_MIGRATE === 'on') await migrate(store);
    await createSourceStore(store, { timeoutMs: 10_000 }).applyFile(declared);

    const inbox = createInbox(store);
    const leases = createLeases(store);
    const commit = createGroupCommit({ instance, queue, inbox, now });
    const { beat } = createInstances(store);
    const onFailed = (err: unknown) => logger.warn({ err }, 'heartbeat.failed');
    const heartbeat = startHeartbeat({ instance, app: 'scheduler', commit, beat, onFailed, now });
    lifecycle.add('heartbeat', heartbeat.stop);
    lifecycle.add('group commit', commit.close);
    const readMemory = createMemoryReader({ redis });
    const readMemoryShare = async () => (await readMemory()).usedShare;
    const sweeper = startSweeper({ inbox, queue, leases, readMemoryShare, holder: instance, logger });
    lifecycle.add('sweeper', sweeper.stop);
    const closing = new AbortController();
    const poll = createPollRun({
      store: createPollStore({ leases, checkpoints: createCheckpoints(store), holder: instance }),
      commit,
      logger,
      now,
      signal: closing.signal,
    });
    const process = createPollProcessor({
      sources,
      poll,
      metrics: createSchedulerMetrics(metrics),
      logger,
      now,
    });
    const worker = createPollsWorker({ redisUrl, prefix, name: instance, process, logger });
    lifecycle.add('polls worker', () => worker.close({ deadlineMs: config.SHUTDOWN_TIMEOUT_MS }));
    lifecycle.add('runs', () => closing.abort());
    const ticker = startTicker({ sources, addPoll: pollQueue.addPoll, logger });
    lifecycle.add('ticker', ticker.stop);
  },
});
