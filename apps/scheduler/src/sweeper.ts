import type { SettleQueue } from '@sluice/protocol/ports';
import { type SweepInbox, sweepInbox } from '@sluice/protocol/sweep';
import type { Logger } from '@sluice/runtime/logger';
import type { Leases } from '@sluice/store/leases';

/** Moves the inbox to the queue, in one scheduler at a time. */
export type Sweeper = { stop(): Promise<void> };

/** How often the inbox is looked at, and how long a sweep may be silent before another scheduler sweeps. */
const SWEEP_MS = 1000;
const LEASE_MS = 15_000;

/** The share of Redis' memory above which the inbox waits. */
const MEMORY_SHARE = 0.5;

/** Starts sweeping. What fails, because a store is away, is tried again a second later. */
export function startSweeper({
  inbox,
  queue,
  leases,
  readMemoryShare,
  holder,
  logger,
}: {
  readonly inbox: SweepInbox;
  readonly queue: Pick<SettleQueue, 'addSplit'>;
  readonly leases: Leases;
  /** Tells how much of its memory Redis uses, from 0 to 1. */
  readonly readMemoryShare: () => Promise<number>;
  readonly holder: string;
  readonly logger: Logger;
}): Sweeper {
  let stopped = false;
  let sweeping = Promise.resolve();
  let timer = setTimeout(next, SWEEP_MS);

  function next(): void {
    sweeping = sweep().finally(() => {
      if (!stopped) timer = setTimeout(next, SWEEP_MS);
    });
  }

  async function sweep(): Promise<void> {
    try {
      const lease = await leases.acquire('sweep', holder, LEASE_MS);
      if (lease === null) return;
      try {
        let moved = 0;
        while (
          !stopped &&
          (await readMemoryShare()) < MEMORY_SHARE &&
          (await leases.renew(lease, LEASE_MS))
        ) {
          const count = await sweepInbox({ inbox, queue });
          if (count === 0) break;
          moved += count;
        }
        if (moved > 0) logger.info({ moved }, 'inbox.swept');
      } finally {
        await leases.release(lease);
      }
    } catch (error) {
      logger.warn({ err: error }, 'inbox.sweep-failed');
    }
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await sweeping;
    },
  };
}
