import { type PollSource, pollSourceSchema } from '@sluice/contracts/source';
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
import { expect, vi } from 'vitest';
import { createScheduler, type SchedulerOptions } from '../src/app.ts';
import { createSchedulerMetrics } from '../src/scheduler-metrics.ts';

/** Where a test's schedulers work. */
export type Place = { readonly redisUrl: string; readonly mongoUrl: string; readonly prefix: string };

/** Declares a source that is polled every second. */
export function toSource(id: string, url: string): PollSource {
  return pollSourceSchema.parse({
    ...{ id, kind: 'poll', url, allowPrivate: true, schedule: '* * * * * *' },
    ...{ recordsPath: 'data.items', idPath: 'id', pageParam: 'page' },
    cursor: { kind: 'timestamp', param: 'since', path: 'updated_at', lookback: 60 },
  });
}

/** Starts a scheduler in this process, wired as `main.ts` does; `wrap` changes what it is given. */
export async function startScheduler(
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
  await vi.waitFor(() => Promise.all([redis.ping(), queue.ping()]));
  const scheduler = createScheduler(
    wrap({
      config: { REDIS_URL: redisUrl, QUEUE_PREFIX: prefix },
      ...{ logger, instance, sources, queue, pollQueue, now: Date.now },
      readMemory: createMemoryReader({ redis }),
      inspector,
      inbox: createInbox(store),
      openEvents: createOpenEvents(store),
      instances: createInstances(store),
      leases: createLeases(store),
      checkpoints: createCheckpoints(store),
      metrics: createSchedulerMetrics(createMetrics({ app: 'scheduler', instance })),
    }),
  );
  return {
    async close() {
      await scheduler.close(10_000);
      await Promise.all([redis, queue, pollQueue, inspector, store].map((it) => it.close()));
    },
  };
}

/** Opens what looks at the queue and at the stores. */
export async function openPlace({ redisUrl, mongoUrl, prefix }: Place) {
  const logger = createLogger({ app: 'scheduler', instance: prefix, level: 'silent' });
  const inspector = createEventsInspector({ redisUrl, prefix, logger });
  const store = connectStore({ uri: mongoUrl, appName: prefix });
  await migrate(store, 30_000);
  await vi.waitFor(() => inspector.ping());
  return {
    store,
    inspector,
    /** Returns the ids of a source's records as the queue holds them, as often as it holds them. */
    async listQueued(source: string): Promise<number[]> {
      const ids: number[] = [];
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const from = cursor === undefined ? {} : { cursor };
        const page = await inspector.listEvents({ state: 'waiting', limit: 500, ...from });
        for (const { event } of page.items) {
          if (event.source === source) ids.push(JSON.parse(event.body).id);
        }
        cursor = page.nextCursor;
      }
      return ids.sort((left, right) => left - right);
    },
    readCheckpoint: (source: string) => createCheckpoints(store).get(source),
    async close() {
      await store.db.dropDatabase();
      await Promise.all([inspector.close(), store.close()]);
    },
  };
}

/** Waits until the queue holds exactly these records of a source. */
export async function expectQueued(
  place: Awaited<ReturnType<typeof openPlace>>,
  source: string,
  ids: readonly number[],
): Promise<void> {
  await vi.waitFor(async () => expect(await place.listQueued(source)).toEqual(ids), {
    timeout: 30_000,
    interval: 100,
  });
}

/** Lists whole numbers from `from` to `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
