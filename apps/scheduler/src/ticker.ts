/*
 * The schedules of polled sources. Every scheduler ticks, and the job's id makes one poll of a slot. A slot that was
 * slept through, because the process or the machine stood still, is queued late; one that cannot be queued is tried
 * again until the next slot of its source, which for a daily schedule is a day away.
 *
 * After the wall clock was set back, every task would wait for the slot that was next until then. So a clock that nobody
 * sets is held against it, and the tasks are started anew. The slots that come a second time get numbers of their own,
 * for ended polls are remembered by the numbers of theirs.
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

/** How often the wall clock is looked at, and by how much it must have been set back, in ms. */
const WATCH_MS = 2000;
const SET_BACK_MS = 1000;

type Schedule = { readonly source: PollSource; task: ScheduledTask; slot: number; retry?: NodeJS.Timeout };

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
  let aheadMs = toAheadMs();
  /** Slots up to this one came before the clock was set back. */
  let repeatedUntil = 0;
  const watch = setInterval(watchClock, WATCH_MS);

  function watchClock(): void {
    const beforeMs = aheadMs;
    aheadMs = toAheadMs();
    const backMs = beforeMs - aheadMs;
    if (backMs < SET_BACK_MS) return;
    repeatedUntil = Math.max(repeatedUntil, Math.floor((Date.now() + backMs) / 1000));
    for (const own of schedules.values()) {
      void own.task.destroy();
      own.task = startTask(own.source);
    }
    logger.warn({ backMs: Math.round(backMs), schedules: schedules.size }, 'clock.set-back');
  }

  /** @throws Error when the schedule cannot be read */
  function startTask(source: PollSource): ScheduledTask {
    return schedule(source.schedule, ({ date }) => tick(source, date), {
      timezone: SCHEDULE_ZONE,
      suppressMissedWarning: true,
      missedExecutionTolerance: LATE_MS,
    });
  }

  function tick(source: PollSource, date: Date): void {
    const own = schedules.get(source.id);
    if (own === undefined) return;
    clearTimeout(own.retry);
    const slot = Math.floor(date.getTime() / 1000);
    own.slot = slot > repeatedUntil ? slot : -slot;
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
        schedules.set(source.id, { source, task: startTask(source), slot: 0 });
      } catch (err) {
        // A schedule that was stored unchecked must not end the others.
        logger.error({ err, source: source.id, schedule: source.schedule }, 'source.schedule-unreadable');
      }
    },
    stop,
    async close() {
      isClosed = true;
      clearInterval(watch);
      for (const id of [...schedules.keys()]) stop(id);
      await Promise.all(queueing);
    },
  };
}

/** Returns how far the wall clock is ahead of the one that nobody sets, in ms. */
function toAheadMs(): number {
  return Date.now() - performance.now();
}
