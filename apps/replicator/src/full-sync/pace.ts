import { setTimeout as pause } from 'node:timers/promises';

/** Keeps work to a rate, and measures it. */
export type Pace = {
  /** Notes that so many things were done, and waits until as many more may be. Rejects when the signal is aborted. */
  spend(count: number, signal: AbortSignal): Promise<void>;
  /** Returns how many were done a second, over the last ten; never more than its rate, which a first portion alone would be. */
  rate(): number;
};

const MEASURED_MS = 10_000;

/** What is saved up while nothing is done, in ms of the rate. */
const BURST_MS = 100;

/** Creates a pace; `now` is a clock in ms that never goes back. */
export function createPace(perSecond: number, now: () => number = () => performance.now()): Pace {
  const startedMs = now();
  let dueMs = startedMs;
  let done: { readonly atMs: number; readonly count: number }[] = [];

  return {
    async spend(count, signal) {
      const nowMs = now();
      done = done.filter(({ atMs }) => nowMs - atMs < MEASURED_MS);
      done.push({ atMs: nowMs, count });
      dueMs = Math.max(dueMs, nowMs - BURST_MS) + (count / perSecond) * 1000;
      const waitMs = dueMs - nowMs;
      if (waitMs > 0) await pause(waitMs, undefined, { signal });
      else signal.throwIfAborted();
    },
    rate() {
      const nowMs = now();
      const overMs = Math.min(MEASURED_MS, Math.max(1000, nowMs - startedMs));
      const counts = done.filter(({ atMs }) => nowMs - atMs < MEASURED_MS).map(({ count }) => count);
      const measured = counts.reduce((sum, count) => sum + count, 0) / (overMs / 1000);
      return Math.min(perSecond, measured);
    },
  };
}
