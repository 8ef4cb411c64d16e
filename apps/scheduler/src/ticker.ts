/*
 * The schedules of polled sources. Every scheduler ticks, and the job's id makes one poll of a slot. A slot that was
 * slept through, because the process or the machine stood still, is queued late; one that cannot be queued is tried
 * again until the next slot of its source, which for a daily schedule is a day away.
 */
import type { PollJob } from '@sluice/contracts/queues';
import type { PollSource } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';
import { SCHEDULE_ZONE } from '@sluice/sources/poll/schedule';
import { type ScheduledTask, schedule } from 'node-cron';
import type { SourceListener } from './active-sources.ts';

export type Ticker = SourceListener & {
  /** Ends every schedule, and resolves when nothing is being queued. */
  close(): Promise<void>;
};

/** How long after a failure a slot is tried again, in ms. */
const RETRY_MS = 2000;

/** Of the slots that were slept through only the last is queued, however long ago it was. */
const LATE_MS = Number.MAX_SAFE_INTEGER;

type Schedule = { readonly task: ScheduledTask; slot: number; retry?: NodeJS.Timeout };

/** Creates the ticker; a paused source has no polls. `retryMs` is 2,000 by default. */
export function createTicker({
  addPoll,
  isPaused,
  logger,
  retryMs = RETRY_MS,
}: {
  readonly addPoll: (poll: PollJob) => Promise<void>;
  readonly isPaused: (id: string) => boolean;
  readonly logger: Logger;
  readonly retryMs?: number;
}): Ticker {
  const schedules = new Map<string, Schedule>();
  const queueing = new Set<Promise<void>>();
  let isClosed = false;

  function tick(source: PollSource, date: Date): void {
    const own = schedules.get(source.id);
    if (own === undefined) return;
    clearTimeout(own.retry);
    own.slot = Math.floor(date.getTime() / 1000);
    queue(source, own, 'first');
  }

  function queue(source: PollSource, own: Schedule, attempt: 'first' | 'again'): void {
    const done = queueSlot(source, own, attempt).finally(() => queueing.delete(done));
    queueing.add(done);
  }

  async function queueSlot(source: PollSource, own: Schedule, attempt: 'first' | 'again'): Promise<void> {
    const { id, tenant } = source;
    const { slot } = own;
    if (isPaused(id)) return;
    try {
      await addPoll({ source: id, tenant, slot });
    } catch (err) {
      if (attempt === 'first') logger.warn({ err, source: id, slot }, 'poll.not-queued');
      const isWanted = schedules.get(id) === own && own.slot === slot;
      if (isWanted) own.retry = setTimeout(() => queue(source, own, 'again'), retryMs);
    }
  }

  function stop(id: string): void {
    const own = schedules.get(id);
    if (own === undefined) return;
    schedules.delete(id);
    clearTimeout(own.retry);
    // What it returns is a promise for tasks of other processes only.
    void own.task.destroy();
  }

  return {
    start(source) {
      stop(source.id);
      if (isClosed) return;
      try {
        const task = schedule(source.schedule, ({ date }) => tick(source, date), {
          timezone: SCHEDULE_ZONE,
          suppressMissedWarning: true,
          missedExecutionTolerance: LATE_MS,
        });
        schedules.set(source.id, { task, slot: 0 });
      } catch (err) {
        // A schedule that was stored unchecked must not end the others.
        logger.error({ err, source: source.id, schedule: source.schedule }, 'source.schedule-unreadable');
      }
    },
    stop,
    async close() {
      isClosed = true;
      for (const id of [...schedules.keys()]) stop(id);
      await Promise.all(queueing);
    },
  };
}
