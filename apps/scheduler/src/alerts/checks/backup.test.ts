import type { SyncState } from '@sluice/contracts/sync';
import type { BackupGap } from '@sluice/store/backup-gaps';
import { expect, it } from 'vitest';
import { createBackupCheck } from './backup.ts';

const NOW_MS = Date.UTC(2026, 5, 2);

function look(
  told: Partial<SyncState> | null,
  { ageMs = 1000, dead = 0, gap = null as BackupGap | null } = {},
) {
  const state: SyncState = {
    ...{ state: 'active', since: new Date(NOW_MS - 3_600_000), reason: null, holder: 'replicator-1' },
    ...{ appliedAt: new Date(NOW_MS - 90_000), lagSeconds: 0.2, pending: 0, lastSyncAt: null, perSecond: 0 },
    totals: { succeeded: 0, failed: 0, merged: 0, conflicts: 0, timeMs: 0 },
    backupSeenAt: null,
    ...told,
  };
  return createBackupCheck({
    states: { read: async () => (told === null ? null : { state, ageMs }) },
    failures: { count: async () => ({ retrying: 3, dead }) },
    gaps: { find: async () => gap },
    now: () => NOW_MS,
  }).look();
}

it.each([
  ['there is none', null],
  ['it is off', { state: 'off' as const, lagSeconds: 900 }],
  ['it follows', {}],
  ['it is a minute behind', { lagSeconds: 60 }],
  ['it did not answer for a moment', { state: 'away' as const, since: new Date(NOW_MS - 60_000) }],
  ['it is only being started', { state: 'starting' as const, since: new Date(NOW_MS - 60_000) }],
])('a backup is well while %s', async (_, told) => {
  expect(await look(told)).toEqual([]);
});

it.each([
  ['it is behind', { lagSeconds: 61 }, 'is 61 seconds behind'],
  ['it is away', { state: 'away' as const, since: new Date(NOW_MS - 61_000) }, 'has not answered since'],
  ['it does not get going', { state: 'starting' as const, since: new Date(NOW_MS - 61_000) }, 'not begun'],
  ['it is of other data', { state: 'blocked' as const, since: new Date(NOW_MS) }, 'until a person decides'],
])('a backup is not well when %s', async (_, told, text) => {
  expect(await look(told)).toMatchObject([
    { subject: 'replicator', value: 90, unit: 'seconds', text: expect.stringContaining(text) },
  ]);
});

it('a replicator that says nothing more is told', async () => {
  expect(await look({}, { ageMs: 61_000 })).toMatchObject([
    { subject: 'replicator', text: expect.stringContaining('said nothing for 61 seconds') },
  ]);
  expect(await look({ state: 'off' }, { ageMs: 3_600_000 })).toEqual([]);
});

it('documents that are refused for good are told beside it', async () => {
  expect(await look({ lagSeconds: 61 }, { dead: 2 })).toMatchObject([
    { subject: 'replicator' },
    { subject: 'refused-documents', value: 2, unit: 'documents', dashboard: '/replication' },
  ]);
});

it('a full sync that is needed and came to nothing is told, and one under way is not', async () => {
  const [createdAt, endedAt] = [new Date(NOW_MS - 90_000), new Date(NOW_MS - 60_000)];
  const sync = { _id: 'op_1', reason: 'The backup is new.', createdAt, endedAt } as const;
  const failed = { ...sync, state: 'failed', stateReason: 'Out of disk.' } as const;
  expect(await look({}, { gap: { asked: null, sync: failed } })).toMatchObject([
    { subject: 'incomplete', value: 60, unit: 'seconds', text: expect.stringContaining('(Out of disk.)') },
  ]);
  const cancelled = { ...sync, state: 'cancelled', stateReason: null } as const;
  expect(await look({}, { gap: { asked: null, sync: cancelled } })).toMatchObject([
    { text: expect.stringContaining('was cancelled;') },
  ]);
  expect(await look({ state: 'off' }, { gap: { asked: null, sync: failed } })).toEqual([]);
  for (const state of ['planned', 'running', 'paused'] as const) {
    expect(await look({}, { gap: { asked: null, sync: { ...failed, state } } })).toEqual([]);
  }
  expect(await look({}, { gap: { asked: 'The position is lost.', sync: null } })).toEqual([]);
});
