import { setTimeout as pause } from 'node:timers/promises';

/** Keeps work to a rate, and measures it. */
export type Pace = {
  /** Notes that so many things were done, and waits until as many more may be. Rejects when the signal is aborted. */
  spend(count: number, signal: AbortSignal): Promise<void>;
  /**
   * Returns how many were done a second, over the last five; 0 in the first two, which tell nothing yet, and never more than
   * its rate.
   */
  rate(): number;
};

const MEASURED_MS = 5000;
const LEAST_MS = 2000;

/** What is saved up while nothing is done, in ms of the rate. */
const BURST_MS = 100;

/** Creates a pace; `now` is a clock in ms that never goes back. */
export function createPace(perSecond: number, now: () => number = () => performance.now()): Pace {
  let dueMs = now();
  let begunMs = Number.POSITIVE_INFINITY;
  let done: { readonly atMs: number; readonly count: number }[] = [];

  return {
    async spend(count, signal) {
      const nowMs = now();
      begunMs = Math.min(begunMs, nowMs);
      done = done.filter(({ atMs }) => nowMs - atMs < MEASURED_MS);
      done.push({ atMs: nowMs, count });
      dueMs = Math.max(dueMs, nowMs - BURST_MS) + (count / perSecond) * 1000;
      const waitMs = dueMs - nowMs;
      if (waitMs > 0) await pause(waitMs, undefined, { signal });
      else signal.throwIfAborted();
    },
    rate() {
      const nowMs = now();
      const overMs = Math.min(MEASURED_MS, nowMs - begunMs);
      if (overMs < LEAST_MS) return 0;
      const counts = done.filter(({ atMs }) => nowMs - atMs < MEASURED_MS).map(({ count }) => count);
      const measured = counts.reduce((sum, count) => sum + count, 0) / (overMs / 1000);
      return Math.min(perSecond, measured);
    },
  };
}
