import { type OpenEvents, type RefileQueue, refileStranded } from '@sluice/protocol/refile';
import type { Logger } from '@sluice/runtime/logger';
import type { Leases } from '@sluice/store/leases';

/** Gives stranded events jobs again, in one scheduler at a time. */
export type Refiler = { stop(): Promise<void> };

/** How often it looks, and how long it may be silent before another scheduler looks. */
const LOOK_MS = 60_000;
const LEASE_MS = 60_000;

/** Starts refiling. What fails, because a store is away, is tried again a minute later. */
export function startRefiler({
  open,
  queue,
  leases,
  holder,
  logger,
  idleMs,
  lookMs = LOOK_MS,
}: {
  readonly open: OpenEvents;
  readonly queue: RefileQueue;
  readonly leases: Leases;
  readonly holder: string;
  readonly logger: Logger;
  /** How long an event must not have been touched; 10 minutes by default. */
  readonly idleMs?: number;
  readonly lookMs?: number;
}): Refiler {
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, lookMs);

  async function look(): Promise<void> {
    try {
      const lease = await leases.acquire('refile', holder, LEASE_MS);
      if (lease === null) return;
      try {
        const refiled = await refileStranded({ open, queue }, idleMs);
        if (refiled > 0) logger.warn({ refiled }, 'events.refiled');
      } finally {
        await leases.release(lease);
      }
    } catch (error) {
      logger.warn({ err: error }, 'events.refile-failed');
    }
  }

  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
