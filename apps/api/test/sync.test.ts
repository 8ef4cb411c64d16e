import { createSyncFailures } from '@sluice/store/sync-failures';
import { createSyncStates } from '@sluice/store/sync-state';
import { expect, it } from 'vitest';
import { startApi, useStores } from './fixtures.ts';

const stores = useStores();

const state = {
  state: 'active',
  ...{ since: new Date(), reason: null, holder: 'replicator-1', backupSeenAt: new Date() },
  ...{ appliedAt: new Date(), lagSeconds: 0.5, pending: 3, lastSyncAt: new Date(), perSecond: 7 },
  totals: { succeeded: 9, failed: 1, merged: 2, conflicts: 0, timeMs: 50 },
} as const;

it('tells how the backup is, from what the replicator told last', async () => {
  const { get } = await startApi(stores);
  expect((await get('/api/sync/health')).body).toMatchObject({ state: 'off', healthy: false });
  expect((await get('/api/sync/metrics')).body).toMatchObject({ totalOperations: 0, lagSeconds: null });
  await createSyncStates(stores.store).write(state, true);
  expect((await get('/api/sync/health')).body).toMatchObject({ state: 'active', healthy: true, synced: 9 });
  await createSyncFailures(stores.store).note(
    [{ _id: 'f', collection: 'items', documentId: '{"id":"a"}', code: 'X', message: 'no' }],
    new Date(),
  );
  expect((await get('/api/sync/metrics')).body).toEqual({
    ...{ totalOperations: 10, successfulSyncs: 9, failedSyncs: 1, queueSize: 4, avgSyncTimeMs: 5 },
    ...{ lastSyncTimestamp: state.lastSyncAt.toISOString(), lagSeconds: 0.5 },
  });
  expect((await get('/api/sync/health')).body).toMatchObject({
    healthy: false,
    refused: { retrying: 1, dead: 0 },
  });
  expect((await get('/api/sync/metrics?x=1')).status).toBe(400);
});
