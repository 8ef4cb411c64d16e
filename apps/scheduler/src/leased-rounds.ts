import type { Logger } from '@sluice/runtime/logger';
import type { Leases } from '@sluice/store/leases';

/** Work that is done again and again, by one scheduler at a time. */
export type LeasedRounds = {
  /** Ends after the round in hand. */
  stop(): Promise<void>;
};

/** How often a round begins, and how long one may be silent before another scheduler begins the next. */
const EVERY_MS = 60_000;
const LEASE_MS = 60_000;

/**
 * Starts rounds of a work that may safely be done twice at once, should a lease run out under it. What fails, because a
 * store is away, is tried again with the next round.
 */
export function startLeasedRounds({
  name,
  work,
  leases,
  holder,
  logger,
  everyMs = EVERY_MS,
}: {
  /** Names the lease, and the work in the log. */
  readonly name: string;
  /** Does it once; it should end soon after `isStopped`. */
  readonly work: (isStopped: () => boolean) => Promise<void>;
  readonly leases: Pick<Leases, 'acquire' | 'release'>;
  readonly holder: string;
  readonly logger: Pick<Logger, 'warn'>;
  /** 60,000 by default. */
  readonly everyMs?: number | undefined;
}): LeasedRounds {
  let isStopped = false;
  let working = Promise.resolve();
  const timer = setInterval(() => {
    working = working.then(round);
  }, everyMs);

  async function round(): Promise<void> {
    if (isStopped) return;
    try {
      const lease = await leases.acquire(name, holder, LEASE_MS);
      if (lease === null) return;
      try {
        await work(() => isStopped);
      } finally {
        await leases.release(lease);
      }
    } catch (err) {
      logger.warn({ err, work: name }, 'round.failed');
    }
  }

  return {
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await working;
    },
  };
}
