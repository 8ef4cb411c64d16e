/**
 * Tells the primary, once a second, how the replicator is: that is where the api reads it, which knows nothing of the
 * backup. The reporter asks the backup for a sign of life itself, so that an idle one that is gone is noticed too.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SyncState } from '@sluice/contracts/sync';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { Logger } from '@sluice/runtime/logger';
import { maskUrlPasswords } from '@sluice/runtime/mask';
import type { StoreConnection } from '@sluice/store/connection';
import type { SyncStates, ToldState } from '@sluice/store/sync-state';
import type { FeedProgress } from './change-feed.ts';
import type { PositionDocument } from './position.ts';
import type { MeasuredState } from './replicator-metrics.ts';

/** Where the numbers of the active replicator come from. */
export type Reported = { readonly progress: FeedProgress; readonly position: PositionDocument };

export type StateReporter = {
  /** What it does now: with a reason while it is blocked, and when it does not get beyond its start. */
  set(state: 'off' | 'starting' | 'active' | 'blocked', reason?: string): void;
  /** Reads the numbers from there while this replicator is the active one; null when it is not any more. */
  follow(read: (() => Reported) | null): void;
  /** How often the state was told, by the primary's own count: the highest number since the count was set. */
  anchor(): number;
  /** Begins with what the primary counts now, which is less than before when it was restored to an earlier day. */
  setAnchor(writes: number): void;
  measure(): MeasuredState;
  stop(): Promise<void>;
};

const REPORT_MS = 1000;
const PING_MS = 1500;
/** How long the backup may be silent before it counts as away. */
const SILENCE_MS = 3000;
/** The rate is that of the last seconds. */
const RATE_MS = 5000;

/** Starts to tell. */
export function startStateReporter({
  states,
  backup,
  holder,
  logger,
  reportMs = REPORT_MS,
  now = () => performance.now(),
}: {
  readonly states: SyncStates;
  readonly backup: Pick<StoreConnection, 'ping'>;
  readonly holder: string;
  readonly logger: Logger;
  /** How often; 1,000 ms by default. */
  readonly reportMs?: number;
  /** A clock in ms that never goes back. */
  readonly now?: () => number;
}): StateReporter {
  const closing = new AbortController();
  let own: { readonly state: Exclude<SyncState['state'], 'away'>; readonly reason: string | null } = {
    state: 'starting',
    reason: null,
  };
  let source: (() => Reported) | null = null;
  let seenMs = now();
  let seenAt: Date | null = null;
  let awayReason: string | null = null;
  let told: Pick<SyncState, 'state' | 'since'> = { state: 'starting', since: new Date() };
  let rate = { fromMs: now(), operations: 0, perSecond: 0 };
  let anchor = 0;
  let isPrimaryAway = false;
  const running = run();

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      const looking = look();
      await tell();
      await looking;
      await pause(reportMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  async function look(): Promise<void> {
    try {
      await backup.ping(PING_MS);
      if (isAway()) logger.info({}, 'backup.back');
      seenMs = now();
      seenAt = new Date();
      awayReason = null;
    } catch (error) {
      if (awayReason === null) logger.warn({ err: error }, 'backup.away');
      awayReason = error instanceof Error ? maskUrlPasswords(error.message) : String(error);
    }
  }

  function isAway(): boolean {
    return awayReason !== null && (seenAt === null || now() - seenMs > SILENCE_MS);
  }

  async function tell(): Promise<void> {
    try {
      const writes = await states.write(toState(), source !== null);
      if (writes !== null) anchor = Math.max(anchor, writes);
      isPrimaryAway = false;
    } catch (err) {
      if (!isPrimaryAway) logger.warn({ err }, 'state.not-told');
      isPrimaryAway = err instanceof DependencyAwayError;
    }
  }

  function toState(): ToldState {
    const state = isAway() && own.state !== 'off' ? 'away' : own.state;
    if (state !== told.state) told = { state, since: new Date() };
    const reason = state === 'away' ? awayReason : own.reason;
    const head = { ...told, reason, holder, backupSeenAt: seenAt };
    const reported = source?.();
    if (reported === undefined) return head;
    const { progress, position } = reported;
    return {
      ...head,
      appliedAt: progress.appliedAt,
      lagSeconds: toLag(reported),
      pending: progress.pending,
      totals: position.totals,
      lastSyncAt: position.lastSyncAt,
      perSecond: toRate(countOperations(reported)),
    };
  }

  function toLag(reported: Reported | undefined): number | null {
    if (reported === undefined) return null;
    const { oldestAt, appliedAt } = reported.progress;
    if (oldestAt === null) return appliedAt === null ? null : 0;
    return Math.max(0, Date.now() - oldestAt.getTime()) / 1000;
  }

  function toRate(operations: number): number {
    const sinceMs = now() - rate.fromMs;
    if (sinceMs >= RATE_MS || operations < rate.operations) {
      const done = Math.max(0, operations - rate.operations);
      rate = { fromMs: now(), operations, perSecond: Math.round((done / sinceMs) * 1000) };
    }
    return rate.perSecond;
  }

  return {
    set(state, reason) {
      own = { state, reason: reason === undefined ? null : maskUrlPasswords(reason) };
    },
    follow(read) {
      source = read;
      // The totals are those of all replicators that ever were active.
      if (read !== null) rate = { fromMs: now(), operations: countOperations(read()), perSecond: 0 };
    },
    anchor: () => anchor,
    setAnchor(writes) {
      anchor = writes;
    },
    measure: () => {
      const reported = source?.();
      return {
        isActive: source !== null,
        lagSeconds: isAway() ? null : toLag(reported),
        pending: reported?.progress.pending ?? 0,
      };
    },
    async stop() {
      closing.abort();
      await running;
    },
  };
}

function countOperations({ position: { totals } }: Reported): number {
  return totals.succeeded + totals.failed;
}
