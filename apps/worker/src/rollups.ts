/*
 * Keeps the rollups up to date, in one worker at a time.
 *
 *  1. Every worker asks for the lease `rollups` each second; who has it folds what was stored since.
 *  2. Where nothing is left it folds again a second later. Under a flood it rests four times as long as the fold took, so
 *     that the rollups get at most a fifth of MongoDB's time from it, and a hot second is written once a round.
 *  3. While MongoDB is away, or this worker holds, it waits. What is to be folded is in MongoDB and waits too.
 *  4. At the end the fold under way is finished and the lease released, so that another worker goes on at once.
 *
 * The lease only saves work: two who fold at once add nothing twice (packages/store/src/rollups.ts).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { Logger } from '@sluice/runtime/logger';
import type { Lease, Leases } from '@sluice/store/leases';
import type { Folded, Rollups } from '@sluice/store/rollups';

export type RollupKeeperOptions = {
  readonly rollups: Pick<Rollups, 'fold'>;
  readonly leases: Leases;
  /** Names this worker. */
  readonly instance: string;
  /** Whether this worker waits for a store, or maintenance is on. */
  readonly isHolding: () => boolean;
  readonly onFolded?: (folded: Folded) => void;
  readonly logger: Logger;
};

const LEASE_NAME = 'rollups';
const LEASE_MS = 10_000;

/** How long a fresh second may wait; also what others wait before they ask for the lease again. */
const ROUND_MS = 1000;
/** How many times longer than a fold the rest after it is while there is more to fold, and how long at most. */
const REST_FACTOR = 4;
const MAX_REST_MS = 5000;
const AWAY_MS = 2000;

/** Starts to keep the rollups; `stop` resolves once the fold under way has ended. */
export function keepRollups(options: RollupKeeperOptions): { stop(): Promise<void> } {
  const { rollups, leases, instance, isHolding, onFolded, logger } = options;
  const stopping = new AbortController();
  let lease: Lease | null = null;
  let renewedMs = 0;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const restMs = await round();
      await pause(restMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
    if (lease !== null) await leases.release(lease);
  }

  /** Returns how long to wait before the next one, in milliseconds. */
  async function round(): Promise<number> {
    if (isHolding()) return ROUND_MS;
    try {
      if (!(await hasLease())) return ROUND_MS;
      const startedMs = performance.now();
      const folded = await rollups.fold();
      const tookMs = performance.now() - startedMs;
      onFolded?.(folded);
      return folded.hasMore ? Math.min(MAX_REST_MS, tookMs * REST_FACTOR) : ROUND_MS;
    } catch (error) {
      if (!(error instanceof DependencyAwayError)) logger.error({ err: error }, 'rollups.failed');
      return AWAY_MS;
    }
  }

  async function hasLease(): Promise<boolean> {
    const nowMs = performance.now();
    if (lease !== null && nowMs - renewedMs < LEASE_MS / 3) return true;
    if (lease === null) lease = await leases.acquire(LEASE_NAME, instance, LEASE_MS);
    else if (!(await leases.renew(lease, LEASE_MS))) lease = null;
    renewedMs = nowMs;
    return lease !== null;
  }

  const running = run();

  return {
    async stop() {
      stopping.abort();
      await running.catch((error: unknown) => {
        // The lease runs out by itself.
        if (!(error instanceof DependencyAwayError)) throw error;
      });
    },
  };
}
