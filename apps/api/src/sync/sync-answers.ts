import type { SyncHealth, SyncMetrics, SyncStateName } from '@sluice/contracts/sync';
import type { SyncStateRead } from '@sluice/store/sync-state';

/** Documents that the backup refuses. */
export type RefusedCounts = { readonly retrying: number; readonly dead: number };

/** After which time a replicator that says nothing is taken for gone, and from which lag on the backup is not healthy. */
const SILENT_MS = 10_000;
const HEALTHY_LAG_SECONDS = 60;

const NEVER_STARTED = 'No replicator has copied anything yet: set BACKUP_MONGODB_URI and start one.';

/** Makes the answer of `GET /api/sync/metrics` of what the replicator told last; `now` is in epoch ms. */
export function toSyncMetrics(
  read: SyncStateRead | null,
  { retrying }: RefusedCounts,
  now: number,
): SyncMetrics {
  const totals = read?.state.totals ?? { succeeded: 0, failed: 0, timeMs: 0 };
  const totalOperations = totals.succeeded + totals.failed;
  return {
    totalOperations,
    successfulSyncs: totals.succeeded,
    failedSyncs: totals.failed,
    queueSize: (read?.state.pending ?? 0) + retrying,
    avgSyncTimeMs: totalOperations === 0 ? 0 : Math.round((totals.timeMs / totalOperations) * 10) / 10,
    lastSyncTimestamp: read?.state.lastSyncAt?.toISOString() ?? null,
    lagSeconds: toLag(read) ?? toAge(read, now),
  };
}

/** Makes the answer of `GET /api/sync/health` of what the replicator told last. */
export function toSyncHealth(read: SyncStateRead | null, refused: RefusedCounts): SyncHealth {
  const state = toState(read);
  const lagSeconds = toLag(read);
  const unknownSince = lagSeconds === null && state !== 'off' ? (read?.state.appliedAt ?? null) : null;
  const told = read?.state;
  return {
    state,
    healthy:
      state === 'active' &&
      lagSeconds !== null &&
      lagSeconds < HEALTHY_LAG_SECONDS &&
      refused.retrying + refused.dead === 0,
    since: told?.since.toISOString() ?? null,
    reason: toReason(state, read),
    lag: toWords(lagSeconds, unknownSince),
    lagSeconds,
    lagUnknownSince: unknownSince?.toISOString() ?? null,
    primary: { reachable: true },
    backup: {
      reachable: state === 'active' || state === 'starting' || state === 'blocked',
      lastSeenAt: told?.backupSeenAt?.toISOString() ?? null,
    },
    appliedAt: told?.appliedAt?.toISOString() ?? null,
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
  return read.ageMs > SILENT_MS ? 'silent' : read.state.state;
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

function toReason(state: SyncStateName, read: SyncStateRead | null): string | null {
  if (read === null) return NEVER_STARTED;
  if (state !== 'silent') return read.state.reason;
  return `The replicator ${read.state.holder} has said nothing for ${Math.round(read.ageMs / 1000)} s: see whether it runs.`;
}

function toWords(lagSeconds: number | null, unknownSince: Date | null): string {
  if (lagSeconds !== null) return `${lagSeconds.toFixed(1)} s`;
  return unknownSince === null ? 'unknown' : `unknown since ${unknownSince.toISOString()}`;
}
