/*
 * Keeps a lease while a run goes on, however long it takes: it is renewed three times within its length. When it is
 * lost, or no renewal was confirmed for its whole length, the signal tells the run to end, because another scheduler
 * may be at work.
 */
import type { PollLease } from './poll-run.ts';

export type LeaseKeeper = {
  /** Aborted when the lease is lost, or the process is about to end. */
  readonly signal: AbortSignal;
  isLost(): boolean;
  /** Ends the renewals and resolves when none is on its way. */
  stop(): Promise<void>;
};

/** Starts to renew a lease of `leaseMs` that was just taken; `closing` is passed on to the signal. */
export function keepLease(lease: PollLease, leaseMs: number, closing: AbortSignal): LeaseKeeper {
  const ending = new AbortController();
  const passOn = () => ending.abort();
  let lost = false;
  let heldSinceMs = performance.now();
  let renewal: Promise<void> | undefined;
  if (closing.aborted) passOn();
  closing.addEventListener('abort', passOn);
  const timer = setInterval(() => {
    if (performance.now() - heldSinceMs > leaseMs) lose();
    renewal ??= renew().finally(() => {
      renewal = undefined;
    });
  }, leaseMs / 3);

  async function renew(): Promise<void> {
    const askedMs = performance.now();
    try {
      if (await lease.renew()) heldSinceMs = askedMs;
      else lose();
    } catch {
      // MongoDB is away: the lease lasts until its time is over, which the next tick looks at.
    }
  }

  function lose(): void {
    lost = true;
    ending.abort();
  }

  return {
    signal: ending.signal,
    isLost: () => lost,
    async stop() {
      clearInterval(timer);
      closing.removeEventListener('abort', passOn);
      await renewal;
    },
  };
}
