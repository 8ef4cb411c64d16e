/**
 * Runs what people have started: bulk replays and discards.
 *
 *  1. Every scheduler looks for open operations, a few times a second.
 *  2. When there are some it asks for the lease, and who gets it runs all of them, a step of each in turn.
 *  3. The lease is kept while there are open operations. Whoever loses it, or dies, is followed by another scheduler
 *     within its length, which goes on from what stands on the events.
 *  4. While a store is away nothing happens; what was begun goes on when it is back.
 */
import type { OperationDocument } from '@sluice/contracts/operations';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { type KeptLease, takeLease } from '@sluice/store/lease-keeper';
import type { Leases } from '@sluice/store/leases';
import { createReplayRun, type ReplayRun, type ReplayRunOptions } from './replay-run.ts';

export type OperationsRunnerOptions = ReplayRunOptions & {
  readonly leases: Leases;
  readonly holder: string;
  /** How long the lease lasts without a renewal, in ms; 15,000 by default. */
  readonly leaseMs?: number;
};

export type OperationsRunner = {
  /** Ends after the step in hand, and lets others take over at once. */
  stop(): Promise<void>;
};

/** How often it looks, while nothing is to be done and while something is. */
const IDLE_MS = 500;
const STEP_MS = 100;
const AWAY_MS = 1000;

const LEASE = 'operations';
const LEASE_MS = 15_000;

/** How often in a row an operation may fail for a reason nobody foresaw. */
const MAX_FAILURES = 10;

type Held = { readonly lease: KeptLease; readonly runs: Map<string, ReplayRun> };

/** Starts running operations. */
export function startOperations(options: OperationsRunnerOptions): OperationsRunner {
  const { sets, leases, holder, logger, now, leaseMs = LEASE_MS } = options;
  const closing = new AbortController();
  const failures = new Map<string, number>();
  let held: Held | null = null;
  let looking = Promise.resolve();
  let timer = setTimeout(next, IDLE_MS);

  function next(): void {
    looking = look().then((afterMs) => {
      if (!closing.signal.aborted) timer = setTimeout(next, afterMs);
    });
  }

  /** Does what can be done now and returns after how long to look again; never rejects. */
  async function look(): Promise<number> {
    try {
      const open = await sets.listOpen();
      if (open.length === 0) {
        await letGo();
        return IDLE_MS;
      }
      if (held?.lease.signal.aborted === true) await letGo();
      held ??= await takeOver();
      if (held === null) return IDLE_MS;
      for (const operation of open) {
        if (held.lease.signal.aborted) break;
        await step(operation, held);
      }
      return open.every(({ state }) => state === 'paused') ? IDLE_MS : STEP_MS;
    } catch (err) {
      logger.warn({ err }, 'operations.failed');
      return AWAY_MS;
    }
  }

  async function takeOver(): Promise<Held | null> {
    const lease = await takeLease(leases, LEASE, { holder, leaseMs, closing: closing.signal });
    return lease && { lease, runs: new Map() };
  }

  async function letGo(): Promise<void> {
    if (held === null) return;
    const { lease } = held;
    held = null;
    await lease.release();
  }

  async function step(operation: OperationDocument, { lease, runs }: Held): Promise<void> {
    const { _id } = operation;
    const runner = { operation: _id, fence: lease.fence };
    try {
      if (operation.kind === 'discard' && operation.state === 'failed') {
        // Earlier builds left it open.
        await sets.close(runner, new Date(now()));
      } else if (operation.kind === 'discard') {
        const { result, discarded } = await sets.discard(runner, new Date(now()));
        options.metrics.discarded(discarded);
        if (result === 'done') logger.info({ operation: _id }, 'discard.finished');
      } else {
        const run = runs.get(_id) ?? createReplayRun(operation, lease.fence, options);
        runs.set(_id, run);
        await run.step(operation);
      }
      failures.delete(_id);
    } catch (error) {
      if (error instanceof DependencyAwayError) throw error;
      await noteFailure(runner, error);
    }
  }

  /** What nobody foresaw may pass; an operation that meets it again and again is given up, for a person to see. */
  async function noteFailure(
    runner: { readonly operation: string; readonly fence: number },
    error: unknown,
  ): Promise<void> {
    const { operation } = runner;
    const count = (failures.get(operation) ?? 0) + 1;
    failures.set(operation, count);
    logger.error({ err: error, operation, count }, 'operation.step-failed');
    if (count < MAX_FAILURES) return;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    await sets.stop(runner, 'failed', reason.slice(0, 500), new Date(now()));
  }

  return {
    async stop() {
      closing.abort();
      clearTimeout(timer);
      await looking;
      await letGo().catch((err: unknown) => logger.warn({ err }, 'operations.lease-kept'));
    },
  };
}
