/**
 * The full syncs of a replicator. What is asked for by itself is kept beside the position, so that it outlives the
 * process; what people ask for is kept by the api. While this replicator is the active one:
 *
 *  1. It looks for a full sync that is planned or was left running, a few times a second.
 *  2. When there is none but one was asked for, it makes it.
 *  3. It runs one at a time. One that fails for a reason nobody foresaw is tried again from where it was, a few times.
 *  4. One that was asked of another primary, which this one was the backup of, fails at once: what it may delete was
 *     decided for the other direction.
 *  5. When it has failed for good, what it was to bring is still missing: another one is asked for, and begins a while later.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { FullSyncDocument } from '@sluice/contracts/full-sync';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { toOwnFullSync } from '@sluice/store/full-syncs';
import type { ActiveReplicator, FullSyncReason, FullSyncs } from '../ports.ts';
import { type FullSyncRunOptions, runFullSync } from './full-sync-run.ts';

export type FullSyncsOptions = FullSyncRunOptions & {
  /** How often it is looked for one; 500 ms by default. */
  readonly idleMs?: number;
  /** How long it waits after a failure; 1,000 ms by default. */
  readonly againMs?: number;
  /** How long it makes none by itself after one has failed for good; 10 minutes by default. */
  readonly restMs?: number;
};

const IDLE_MS = 500;
const AGAIN_MS = 1000;
const REST_MS = 600_000;

/** How often in a row a full sync may fail for a reason nobody foresaw. */
const MAX_FAILURES = 5;

const REASONS: Readonly<Record<FullSyncReason, string>> = {
  'first-sync': 'The backup is new.',
  'position-lost': 'The position in the changes of the primary is lost.',
  'collections-changed': 'Collections were dropped or renamed.',
};
const FAILED_REASON = 'The full sync before failed.';
const FOREIGN_REASON = 'It was asked of another primary, which this one was the backup of.';

/** Creates the full syncs of a replicator; nothing runs yet. */
export function createFullSyncs(options: FullSyncsOptions): FullSyncs {
  const { store, logger, now, idleMs = IDLE_MS, againMs = AGAIN_MS, restMs = REST_MS } = options;
  let restUntilMs = 0;

  async function work(active: ActiveReplicator): Promise<void> {
    const { signal } = active;
    const failures = new Map<string, number>();
    while (!signal.aborted) {
      const isBusy = await step(active, failures);
      if (!isBusy && !signal.aborted) await rest(idleMs, signal);
    }
  }

  /** Does what can be done now; false when that is nothing. */
  async function step(active: ActiveReplicator, failures: Map<string, number>): Promise<boolean> {
    let running: FullSyncDocument | null = null;
    try {
      const live = await store.findLive();
      if (live === null) {
        if (performance.now() < restUntilMs) return false;
        const asked = await store.findAsked();
        if (asked !== null) await store.create(toOwnFullSync(asked.reason), new Date(now()));
        return asked !== null;
      }
      if (live.state === 'paused') return false;
      running = live;
      const { _id: id } = live;
      const { fence } = active;
      if (live.fence > fence && !(await store.claim({ id, fence }, new Date(now())))) return false;
      if (live.origin !== undefined && live.origin !== active.origin) {
        await store.end({ id, fence }, 'failed', { stateReason: FOREIGN_REASON }, new Date(now()));
        return true;
      }
      await runFullSync(live, active, options);
      return true;
    } catch (error) {
      if (active.signal.aborted) return false;
      if (error instanceof DependencyAwayError || running === null)
        logger.warn({ err: error }, 'full-sync.failed');
      else await noteFailure(active, running, failures, error);
      await rest(againMs, active.signal);
      return true;
    }
  }

  async function noteFailure(
    { fence }: ActiveReplicator,
    { _id: id, mode, only }: FullSyncDocument,
    failures: Map<string, number>,
    error: unknown,
  ): Promise<void> {
    const count = (failures.get(id) ?? 0) + 1;
    failures.set(id, count);
    logger.error({ err: error, operation: id, count }, 'full-sync.failed');
    if (count < MAX_FAILURES) return;
    const stateReason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    try {
      // Asked first: one that begins takes that back, and this one begins no more.
      if (mode === 'copy' && only === null) await store.ask(FAILED_REASON, new Date(now()));
      await store.end({ id, fence }, 'failed', { stateReason: stateReason.slice(0, 500) }, new Date(now()));
      restUntilMs = performance.now() + restMs;
    } catch (err) {
      logger.warn({ err, operation: id }, 'full-sync.end-failed');
    }
  }

  return {
    ask: (reason) => store.ask(REASONS[reason], new Date(now())),
    async isAdoptionAsked() {
      const live = await store.findLive();
      return live?.adoptDataset === true && live.state !== 'paused';
    },
    start(active) {
      const stopping = new AbortController();
      const signal = AbortSignal.any([active.signal, stopping.signal]);
      const working = work({ ...active, signal });
      return {
        async stop() {
          stopping.abort();
          await working;
        },
      };
    },
  };
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
