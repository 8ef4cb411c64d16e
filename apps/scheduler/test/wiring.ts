import type { PollSource } from '@sluice/contracts/source';
import { createRedis } from '@sluice/queue/connection';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { createPollsProducer } from '@sluice/queue/polls';
import { createMemoryReader } from '@sluice/queue/redis-memory';
import { createLogger } from '@sluice/runtime/logger';
import { createMetrics } from '@sluice/runtime/metrics';
import { createCheckpoints } from '@sluice/store/checkpoints';
import { connectStore } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { createInstances } from '@sluice/store/instances';
import { createLeases } from '@sluice/store/leases';
import { migrate } from '@sluice/store/migrate';
import { createOpenEvents } from '@sluice/store/open-events';
import { createOperationSets } from '@sluice/store/operation-sets';
import { createPollRuns } from '@sluice/store/poll-runs';
import { createRejections } from '@sluice/store/rejections';
import { createScheduler, type SchedulerOptions } from '../src/app.ts';
import { createSchedulerMetrics } from '../src/scheduler-metrics.ts';

/** Where a test's schedulers work. */
export type Place = { readonly redisUrl: string; readonly mongoUrl: string; readonly prefix: string };

/** Starts a scheduler in this process, wired as `main.ts` does; `wrap` changes what it is given. */
export async function wireScheduler(
  { redisUrl, mongoUrl, prefix }: Place,
  instance: string,
  sources: readonly PollSource[],
  wrap: (options: SchedulerOptions) => SchedulerOptions = (options) => options,
) {
  const logger = createLogger({ app: 'scheduler', instance, level: 'silent' });
  const store = connectStore({ uri: mongoUrl, appName: instance });
  const redis = createRedis({ url: redisUrl, role: 'producer', logger });
  const queue = createEventsProducer({ redisUrl, prefix, logger });
  const pollQueue = createPollsProducer({ redisUrl, prefix, logger });
  const inspector = createEventsInspector({ redisUrl, prefix, logger });
  await migrate(store, 30_000);
  const options = wrap({
    config: { REDIS_URL: redisUrl, QUEUE_PREFIX: prefix },
    ...{ logger, instance, queue, pollQueue, now: Date.now },
    sources: { list: async () => sources, listPaused: async () => [] },
    readMemory: createMemoryReader({ redis }),
    inspector,
    inbox: createInbox(store),
    openEvents: createOpenEvents(store),
    operationSets: createOperationSets(store),
    instances: createInstances(store),
    leases: createLeases(store),
    checkpoints: createCheckpoints(store),
    pollRuns: createPollRuns(store),
    rejections: createRejections(store),
    readEnv: () => undefined,
    metrics: createSchedulerMetrics(createMetrics({ app: 'scheduler', instance })),
  });
  return {
    ping: () => Promise.all([redis.ping(), queue.ping()]),
    pollQueue,
    start() {
      const scheduler = createScheduler(options);
      return {
        pollQueue,
        async close() {
          await scheduler.close(10_000);
          await Promise.all([redis, queue, pollQueue, inspector, store].map((it) => it.close()));
        },
      };
    },
  };
}
