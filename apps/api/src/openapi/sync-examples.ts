import type { SyncHealth, SyncMetrics } from '@sluice/contracts/sync';

const metrics: SyncMetrics = {
  totalOperations: 48_211,
  successfulSyncs: 48_210,
  failedSyncs: 1,
  queueSize: 12,
  avgSyncTimeMs: 310.4,
  lastSyncTimestamp: '2026-01-02T03:04:05.678Z',
  lagSeconds: 0.3,
};

const health: SyncHealth = {
  state: 'active',
  healthy: true,
  since: '2026-01-01T00:00:00.000Z',
  reason: null,
  lag: '0.3 s',
  lagSeconds: 0.3,
  lagUnknownSince: null,
  primary: { reachable: true },
  backup: { reachable: true, lastSeenAt: '2026-01-02T03:04:05.000Z' },
  appliedAt: '2026-01-02T03:04:05.000Z',
  perSecond: 412,
  synced: 48_210,
  conflicts: 0,
  merged: 1204,
  refused: { retrying: 0, dead: 0 },
  replicator: 'replicator-0f9c1a526a3e',
};

/** What the routes of the backup's state answer when all is well, by method and path. */
export const SYNC_ANSWERS: Readonly<Record<string, unknown>> = {
  'get /api/sync/metrics': metrics,
  'get /api/sync/health': health,
};
