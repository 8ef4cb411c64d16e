import type { PollJob } from '@sluice/contracts/queues';
import type { PollSource } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';
import { type ScheduledTask, schedule } from 'node-cron';

/** The schedules of polled sources; every scheduler ticks, the job's id makes one poll of a slot. */
export type Ticker = { stop(): Promise<void> };

/** Starts the schedule of every source; a tick that cannot be queued is made up for by the next. */
export function startTicker({
  sources,
  addPoll,
  logger,
}: {
  readonly sources: readonly PollSource[];
  readonly addPoll: (poll: PollJob) => Promise<void>;
  readonly logger: Logger;
}): Ticker {
  const tasks = sources.map(({ id, tenant, schedule: expression }): ScheduledTask => {
    return schedule(
      expression,
      async ({ date }) => {
        try {
          await addPoll({ source: id, tenant, slot: Math.floor(date.getTime() / 1000) });
        } catch (error) {
          logger.warn({ err: error, source: id }, 'poll.not-queued');
        }
      },
      { name: id, timezone: 'UTC', suppressMissedWarning: true },
    );
  });
  return {
    async stop() {
      await Promise.all(tasks.map((task) => task.destroy()));
    },
  };
}
