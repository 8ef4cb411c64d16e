import type { SyncState } from '@sluice/contracts/sync';
import { expect, test } from 'vitest';
import { toSyncHealth, toSyncMetrics } from './sync-answers.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const NONE = { retrying: 0, dead: 0 };

function toState(changed: Partial<SyncState> = {}): SyncState {
  return {
    state: 'active',
    since: new Date(NOW - 60_000),
    reason: null,
    holder: 'replicator-1',
    appliedAt: new Date(NOW - 1000),
    lagSeconds: 0.25,
    pending: 3,
    totals: { succeeded: 98, failed: 2, merged: 5, conflicts: 1, timeMs: 1234 },
    lastSyncAt: new Date(NOW - 2000),
    perSecond: 40,
    backupSeenAt: new Date(NOW),
    ...changed,
  };
}

test('counts every operation once, and what waits to be retried as queued', () => {
  expect(toSyncMetrics({ state: toState(), ageMs: 500 }, { retrying: 2, dead: 1 }, NOW)).toEqual({
    totalOperations: 100,
    successfulSyncs: 98,
    failedSyncs: 2,
    queueSize: 5,
    avgSyncTimeMs: 12.3,
    lastSyncTimestamp: '2026-01-02T03:04:03.000Z',
    lagSeconds: 0.25,
  });
});

test('says that nothing was ever copied', () => {
  expect(toSyncMetrics(null, NONE, NOW)).toEqual({
    ...{ totalOperations: 0, successfulSyncs: 0, failedSyncs: 0, queueSize: 0, avgSyncTimeMs: 0 },
    ...{ lastSyncTimestamp: null, lagSeconds: null },
  });
  expect(toSyncHealth(null, NONE)).toMatchObject({ state: 'off', healthy: false, lag: 'unknown' });
});

test('is healthy while the backup follows and refuses nothing', () => {
  const read = { state: toState(), ageMs: 500 };
  expect(toSyncHealth(read, NONE)).toMatchObject({ healthy: true, lag: '0.3 s', lagUnknownSince: null });
  expect(toSyncHealth(read, { retrying: 1, dead: 0 }).healthy).toBe(false);
  expect(toSyncHealth({ ...read, state: toState({ lagSeconds: 61 }) }, NONE).healthy).toBe(false);
});

test.each([
  ['the backup is away', toState({ state: 'away', reason: 'no answer' }), 500, 'away'],
  ['the replicator says nothing', toState(), 11_000, 'silent'],
])('says since when the lag is unknown, and never 0, while %s', (_when, state, ageMs, shown) => {
  const read = { state, ageMs };
  expect(toSyncHealth(read, NONE)).toMatchObject({
    state: shown,
    healthy: false,
    lag: 'unknown since 2026-01-02T03:04:04.000Z',
    lagSeconds: null,
    backup: { reachable: false },
  });
  expect(toSyncMetrics(read, NONE, NOW + 9000).lagSeconds).toBe(10);
});
