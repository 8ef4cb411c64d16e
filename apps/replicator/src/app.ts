/**
 * A replicator, from its start to its end:
 *
 *  1. It asks for the lease, which is on the backup: only who reaches the backup can be active.
 *  2. While another has it, it asks again every second; while the backup is away, with growing pauses.
 *  3. Who gets it is active (active.ts) until it is lost, which is when the backup was away for its whole length.
 *  4. Whatever ends that, it begins anew at 1: what was done stands on the backup.
 *  5. The reporter tells all the time how it is.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { takeLease } from '@sluice/store/lease-keeper';
import type { Leases } from '@sluice/store/leases';
import { type ActiveOptions, runActive } from './active.ts';
import { createBackoff } from './backoff.ts';
import { PositionLostError } from './changes/change.ts';
import { LeaseLostError } from './ports.ts';

export type ReplicatorOptions = ActiveOptions & {
  /** Those of the backup. */
  readonly leases: Leases;
  /** How long the lease lasts without a renewal, in ms; 8,000 by default. */
  readonly leaseMs?: number;
  /** How often a replicator that waits asks for the lease; 1,000 ms by default. */
  readonly standbyMs?: number;
};

export type Replicator = {
  /** Stops all of it, and lets another take over at once. */
  close(): Promise<void>;
};

/** Another takes over within 15 s: the lease's length, the next question for it, and the start. */
const LEASE_MS = 8000;
const STANDBY_MS = 1000;
const LEASE = 'replicator';

/** Starts a replicator. */
export function startReplicator(options: ReplicatorOptions): Replicator {
  const { leases, instance, logger, leaseMs = LEASE_MS, standbyMs = STANDBY_MS } = options;
  const closing = new AbortController();
  const backoff = createBackoff({ maxMs: 5000 });
  const running = run();

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await rest((await beActive()) ? 0 : standbyMs);
        backoff.reset();
      } catch (err) {
        // It gives the lease up itself.
        if (closing.signal.aborted && err instanceof LeaseLostError) break;
        if (err instanceof LeaseLostError) logger.warn({}, 'lease.lost');
        else if (err instanceof PositionLostError) logger.warn({ err }, 'position.lost');
        else if (err instanceof DependencyAwayError) logger.debug({ err }, 'store.away');
        else {
          logger.error({ err }, 'replicator.failed');
          options.reporter.set('starting', err instanceof Error ? err.message : String(err));
        }
        await rest(backoff.next());
      }
    }
  }

  /** Returns false when another has the lease. */
  async function beActive(): Promise<boolean> {
    const lease = await takeLease(leases, LEASE, { holder: instance, leaseMs, closing: closing.signal });
    if (lease === null) return false;
    try {
      await runActive(options, lease.signal);
      return true;
    } finally {
      await lease.release().catch((err: unknown) => logger.debug({ err }, 'lease.kept'));
    }
  }

  async function rest(pauseMs: number): Promise<void> {
    await pause(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
  }

  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}
