import type { SyncState } from '@sluice/contracts/sync';
import type { BackupGap } from '@sluice/store/backup-gaps';
import { expect, test } from 'vitest';
import { type SyncFacts, toSyncHealth, toSyncMetrics } from './sync-answers.ts';

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

function toFacts(changed: Partial<SyncFacts> = {}): SyncFacts {
  return { read: { state: toState(), ageMs: 500 }, refused: NONE, gap: null, ...changed };
}

test('counts every operation once, and what waits to be retried as queued', () => {
  expect(toSyncMetrics(toFacts({ refused: { retrying: 2, dead: 1 } }), NOW)).toEqual({
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
  expect(toSyncMetrics(toFacts({ read: null }), NOW)).toEqual({
    ...{ totalOperations: 0, successfulSyncs: 0, failedSyncs: 0, queueSize: 0, avgSyncTimeMs: 0 },
    ...{ lastSyncTimestamp: null, lagSeconds: null },
  });
  expect(toSyncHealth(toFacts({ read: null }))).toMatchObject({
    state: 'off',
    healthy: false,
    lag: 'unknown',
  });
});

test('is healthy while the backup follows and refuses nothing', () => {
  expect(toSyncHealth(toFacts())).toMatchObject({ healthy: true, lag: '0.3 s', lagUnknownSince: null });
  expect(toSyncHealth(toFacts({ refused: { retrying: 1, dead: 0 } })).healthy).toBe(false);
  const late = { state: toState({ lagSeconds: 61 }), ageMs: 500 };
  expect(toSyncHealth(toFacts({ read: late })).healthy).toBe(false);
});

test.each([
  ['the backup is away', toState({ state: 'away', reason: 'no answer' }), 500, 'away'],
  ['the replicator says nothing', toState(), 11_000, 'silent'],
])('says since when the lag is unknown, and never 0, while %s', (_when, state, ageMs, shown) => {
  const facts = toFacts({ read: { state, ageMs } });
  expect(toSyncHealth(facts)).toMatchObject({
    state: shown,
    healthy: false,
    lag: 'unknown since 2026-01-02T03:04:04.000Z',
    lagSeconds: null,
    backup: { reachable: false },
  });
  expect(toSyncMetrics(facts, NOW + 9000).lagSeconds).toBe(10);
});

test.each<[string, BackupGap, RegExp]>([
  ['is asked for', { asked: 'The backup is new.', sync: null }, /gone through\. The backup is new\.$/],
  ['runs', { asked: null, sync: toSync('running') }, /op_1 is running\.$/],
  ['is paused', { asked: null, sync: toSync('paused') }, /op_1 is paused\. Let it go on\.$/],
  [
    'failed',
    { asked: null, sync: toSync('failed', 'Away') },
    /op_1 has failed \(Away\)\. Start another one\.$/,
  ],
  [
    'failed and is made again',
    { asked: 'The full sync before failed.', sync: toSync('failed', 'Away') },
    /op_1 has failed \(Away\)\. Another one begins by itself\.$/,
  ],
  ['was never made', { asked: null, sync: null }, /no full sync has gone through yet\. Start one\.$/],
])('is not healthy, whatever the lag, while the full sync that is needed %s', (_when, gap, reason) => {
  expect(toSyncHealth(toFacts({ gap }))).toMatchObject({
    ...{ state: 'active', healthy: false, reason: expect.stringMatching(reason) },
    ...{ lag: 'unknown', lagSeconds: null, lagUnknownSince: null, appliedAt: null },
  });
  expect(toSyncMetrics(toFacts({ gap }), NOW).lagSeconds).toBeNull();
  const away = { state: toState({ state: 'away', reason: 'no answer' }), ageMs: 500 };
  expect(toSyncHealth(toFacts({ gap, read: away })).reason).toBe('no answer');
});

function toSync(state: 'running' | 'paused' | 'failed', stateReason: string | null = null) {
  const [createdAt, endedAt] = [new Date(NOW), null];
  return { _id: 'op_1', state, stateReason, reason: 'The backup is new.', createdAt, endedAt };
}
