/*
 * Keeps a lease while a run goes on, however long it takes: it is renewed three times within its length. When it is
 * lost, or no renewal was confirmed for its whole length, the signal tells the run to end, because another process
 * may be at work.
 */
import type { Leases } from './leases.ts';

export type LeaseKeeper = {
  /** Aborted when the lease is lost, or the process is about to end. */
  readonly signal: AbortSignal;
  isLost(): boolean;
  /** Ends the renewals and resolves when none is on its way. */
  stop(): Promise<void>;
};

/** A lease that was taken and is kept. */
export type KeptLease = Pick<LeaseKeeper, 'signal'> & {
  /** Higher than that of every earlier holder. */
  readonly fence: number;
  /**
   * Ends the renewals, then lets others take the lease at once.
   *
   * @throws DependencyAwayError
   */
  release(): Promise<void>;
};

/**
 * Takes a lease for `leaseMs` and keeps it; null while another has it. `closing` is passed on to the signal.
 *
 * @throws DependencyAwayError
 */
export async function takeLease(
  leases: Pick<Leases, 'acquire' | 'renew' | 'release'>,
  name: string,
  {
    holder,
    leaseMs,
    closing,
  }: { readonly holder: string; readonly leaseMs: number; readonly closing: AbortSignal },
): Promise<KeptLease | null> {
  const askedMs = performance.now();
  const lease = await leases.acquire(name, holder, leaseMs);
  if (lease === null) return null;
  const keeper = keepLease({ renew: () => leases.renew(lease, leaseMs) }, { leaseMs, askedMs, closing });
  return {
    fence: lease.fence,
    signal: keeper.signal,
    async release() {
      await keeper.stop();
      await leases.release(lease);
    },
  };
}

/**
 * Starts to renew a lease of `leaseMs` that was asked for at `askedMs` (of `performance.now()`) and given; `closing` is
 * passed on to the signal.
 */
export function keepLease(
  lease: { readonly renew: () => Promise<boolean> },
  {
    leaseMs,
    askedMs,
    closing,
  }: { readonly leaseMs: number; readonly askedMs: number; readonly closing: AbortSignal },
): LeaseKeeper {
  const ending = new AbortController();
  const passOn = () => ending.abort();
  let lost = false;
  let renewal: Promise<void> | undefined;
  if (closing.aborted) passOn();
  closing.addEventListener('abort', passOn);
  const renewals = setInterval(() => {
    renewal ??= renew().finally(() => {
      renewal = undefined;
    });
  }, leaseMs / 3);
  let expiry = expireAfter(askedMs);

  /** Counts from before it was asked for: whoever gave it began to count no sooner. */
  function expireAfter(heldSinceMs: number): NodeJS.Timeout {
    return setTimeout(lose, Math.max(0, heldSinceMs + leaseMs - performance.now()));
  }

  async function renew(): Promise<void> {
    const renewedMs = performance.now();
    try {
      const isHeld = await lease.renew();
      if (lost) return;
      clearTimeout(expiry);
      if (isHeld) expiry = expireAfter(renewedMs);
      else lose();
    } catch {
      // MongoDB is away: the lease lasts until its time is over.
    }
  }

  function lose(): void {
    lost = true;
    clearTimers();
    ending.abort();
  }

  function clearTimers(): void {
    clearInterval(renewals);
    clearTimeout(expiry);
  }

  return {
    signal: ending.signal,
    isLost: () => lost,
    async stop() {
      clearInterval(renewals);
      closing.removeEventListener('abort', passOn);
      await renewal;
      clearTimers();
    },
  };
}
