import {
  SYNC_SILENT_MS,
  type SyncHealth,
  type SyncMetrics,
  type SyncStateName,
} from '@sluice/contracts/sync';
import type { BackupGap } from '@sluice/store/backup-gaps';
import type { SyncStateRead } from '@sluice/store/sync-state';

/** Documents that the backup refuses. */
export type RefusedCounts = { readonly retrying: number; readonly dead: number };

/** What the answers are made of: what the replicator told last, what the backup refuses, and what it lacks. */
export type SyncFacts = {
  readonly read: SyncStateRead | null;
  readonly refused: RefusedCounts;
  readonly gap: BackupGap | null;
};

/** From which lag on the backup is not healthy. */
const HEALTHY_LAG_SECONDS = 60;

const NEVER_STARTED = 'No replicator has copied anything yet: set BACKUP_MONGODB_URI and start one.';

/** Makes the answer of `GET /api/sync/metrics`; `now` is in epoch ms. */
export function toSyncMetrics({ read, refused, gap }: SyncFacts, now: number): SyncMetrics {
  const totals = read?.state.totals ?? { succeeded: 0, failed: 0, timeMs: 0 };
  const totalOperations = totals.succeeded + totals.failed;
  return {
    totalOperations,
    successfulSyncs: totals.succeeded,
    failedSyncs: totals.failed,
    queueSize: (read?.state.pending ?? 0) + refused.retrying,
    avgSyncTimeMs: totalOperations === 0 ? 0 : Math.round((totals.timeMs / totalOperations) * 10) / 10,
    lastSyncTimestamp: read?.state.lastSyncAt?.toISOString() ?? null,
    lagSeconds: gap === null ? (toLag(read) ?? toAge(read, now)) : null,
  };
}

/** Makes the answer of `GET /api/sync/health`. */
export function toSyncHealth({ read, refused, gap }: SyncFacts): SyncHealth {
  const state = toState(read);
  const told = read?.state;
  // What was written before the gap is not there, however new what was copied since.
  const lagSeconds = gap === null ? toLag(read) : null;
  const appliedAt = gap === null ? (told?.appliedAt ?? null) : null;
  const unknownSince = lagSeconds === null && state !== 'off' ? appliedAt : null;
  return {
    state,
    healthy:
      state === 'active' &&
      lagSeconds !== null &&
      lagSeconds < HEALTHY_LAG_SECONDS &&
      refused.retrying + refused.dead === 0,
    since: told?.since.toISOString() ?? null,
    reason: toReason(state, read, gap),
    lag: toWords(lagSeconds, unknownSince),
    lagSeconds,
    lagUnknownSince: unknownSince?.toISOString() ?? null,
    primary: { reachable: true },
    backup: {
      reachable: state === 'active' || state === 'starting' || state === 'blocked',
      lastSeenAt: told?.backupSeenAt?.toISOString() ?? null,
    },
    appliedAt: appliedAt?.toISOString() ?? null,
    perSecond: state === 'active' ? (told?.perSecond ?? 0) : 0,
    synced: told?.totals.succeeded ?? 0,
    conflicts: told?.totals.conflicts ?? 0,
    merged: told?.totals.merged ?? 0,
    refused: { ...refused },
    replicator: state === 'off' ? null : (told?.holder ?? null),
  };
}

function toState(read: SyncStateRead | null): SyncStateName {
  if (read === null || read.state.state === 'off') return 'off';
  return read.ageMs > SYNC_SILENT_MS ? 'silent' : read.state.state;
}

/** Only an active replicator that was heard of knows the lag. */
function toLag(read: SyncStateRead | null): number | null {
  return read !== null && toState(read) === 'active' ? read.state.lagSeconds : null;
}

/** How long ago the last change was made of which it is known that it is on the backup. */
function toAge(read: SyncStateRead | null, now: number): number | null {
  const appliedAt = read?.state.appliedAt;
  return appliedAt == null ? null : Math.max(0, now - appliedAt.getTime()) / 1000;
}

function toReason(state: SyncStateName, read: SyncStateRead | null, gap: BackupGap | null): string | null {
  if (read === null) return NEVER_STARTED;
  const isAtWork = state === 'active' || state === 'starting';
  if (isAtWork) return read.state.reason ?? (gap === null ? null : explainGap(gap));
  if (state !== 'silent') return read.state.reason;
  return `The replicator ${read.state.holder} has said nothing for ${Math.round(read.ageMs / 1000)} s: see whether it runs.`;
}

/** What has become of a full sync that is not over well. */
const BECAME: Partial<Record<string, string>> = { failed: 'has failed', cancelled: 'was cancelled' };

function explainGap({ asked, sync }: BackupGap): string {
  if (sync === null) {
    return asked === null
      ? 'The backup is not whole: no full sync has gone through yet. Start one.'
      : `The backup is not whole until a full sync has gone through. ${asked}`;
  }
  const needed = `The backup is not whole until a full sync has gone through: ${sync._id} ${BECAME[sync.state] ?? `is ${sync.state}`}`;
  if (sync.state === 'planned' || sync.state === 'running') return `${needed}.`;
  if (sync.state === 'paused') return `${needed}. Let it go on.`;
  const why = sync.stateReason === null ? '' : ` (${sync.stateReason})`;
  return `${needed}${why}. ${asked === null ? 'Start another one.' : 'Another one begins by itself.'}`;
}

function toWords(lagSeconds: number | null, unknownSince: Date | null): string {
  if (lagSeconds !== null) return `${lagSeconds.toFixed(1)} s`;
  return unknownSince === null ? 'unknown' : `unknown since ${unknownSince.toISOString()}`;
}
