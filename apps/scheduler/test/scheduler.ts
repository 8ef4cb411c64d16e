import { type PollSource, pollSourceSchema } from '@sluice/contracts/source';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createLogger } from '@sluice/runtime/logger';
import { createCheckpoints } from '@sluice/store/checkpoints';
import { connectStore } from '@sluice/store/connection';
import { migrate } from '@sluice/store/migrate';
import { createPollRuns } from '@sluice/store/poll-runs';
import { expect, vi } from 'vitest';
import { type Place, wireScheduler } from './wiring.ts';

/** Declares a source that is polled every second. */
export function toSource(id: string, url: string): PollSource {
  return pollSourceSchema.parse({
    ...{ id, kind: 'poll', url, allowPrivate: true, schedule: '* * * * * *' },
    ...{ recordsPath: 'data.items', idPath: 'id', pageParam: 'page' },
    cursor: { kind: 'timestamp', param: 'since', path: 'updated_at', lookback: 60 },
  });
}

/** Starts a scheduler in this process (`wireScheduler`). */
export async function startScheduler(...parameters: Parameters<typeof wireScheduler>) {
  const wired = await wireScheduler(...parameters);
  await vi.waitFor(wired.ping);
  return wired.start();
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
          if (event.source === source) ids.push(Number(JSON.parse(event.body).id));
        }
        cursor = page.nextCursor;
      }
      return ids.sort((left, right) => left - right);
    },
    readCheckpoint: (source: string) => createCheckpoints(store).get(source),
    listRuns: (source: string) => createPollRuns(store).list(source, 100),
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
