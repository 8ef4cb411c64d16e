import type { PollJob } from '@sluice/contracts/queues';
import type { PollSource } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';
import { SCHEDULE_ZONE } from '@sluice/sources/poll/schedule';
import { type ScheduledTask, schedule } from 'node-cron';
import type { SourceListener } from './active-sources.ts';

/** The schedules of polled sources; every scheduler ticks, the job's id makes one poll of a slot. */
export type Ticker = SourceListener & { close(): Promise<void> };

/** Creates the ticker; a tick that cannot be queued is made up for by the next, and a paused source has none. */
export function createTicker({
  addPoll,
  isPaused,
  logger,
}: {
  readonly addPoll: (poll: PollJob) => Promise<void>;
  readonly isPaused: (id: string) => boolean;
  readonly logger: Logger;
}): Ticker {
  const tasks = new Map<string, ScheduledTask>();
  const ending = new Set<Promise<void>>();

  async function tick({ id, tenant }: PollSource, date: Date): Promise<void> {
    if (isPaused(id)) return;
    try {
      await addPoll({ source: id, tenant, slot: Math.floor(date.getTime() / 1000) });
    } catch (error) {
      logger.warn({ err: error, source: id }, 'poll.not-queued');
    }
  }

  function stop(id: string): void {
    const task = tasks.get(id);
    if (task === undefined) return;
    tasks.delete(id);
    const end = Promise.resolve(task.destroy()).finally(() => ending.delete(end));
    ending.add(end);
  }

  return {
    start(source) {
      stop(source.id);
      try {
        const options = { timezone: SCHEDULE_ZONE, suppressMissedWarning: true };
        const task = schedule(source.schedule, ({ date }) => tick(source, date), options);
        tasks.set(source.id, task);
      } catch (err) {
        // A schedule that was stored unchecked must not end the others.
        logger.error({ err, source: source.id, schedule: source.schedule }, 'source.schedule-unreadable');
      }
    },
    stop,
    async close() {
      for (const id of [...tasks.keys()]) stop(id);
      await Promise.all(ending);
    },
  };
}
