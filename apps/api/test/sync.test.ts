import { createFullSyncStore, toOwnFullSync } from '@sluice/store/full-syncs';
import { createSyncFailures } from '@sluice/store/sync-failures';
import { createSyncStates } from '@sluice/store/sync-state';
import { expect, it, vi } from 'vitest';
import { createPipeline, startApi, toEvent, useStores } from './fixtures.ts';

const stores = useStores();

const state = {
  state: 'active',
  ...{ since: new Date(), reason: null, holder: 'replicator-1', backupSeenAt: new Date() },
  ...{ appliedAt: new Date(), lagSeconds: 0.5, pending: 3, lastSyncAt: new Date(), perSecond: 7 },
  totals: { succeeded: 9, failed: 1, merged: 2, conflicts: 0, timeMs: 50 },
} as const;

it('tells how the backup is, from what the replicator told last', async () => {
  const { get } = await startApi(stores);
  const pipeline = await createPipeline(stores);
  const { id } = await pipeline.submit(toEvent({ metric: 'sales', amount: 1, timestamp: 1767225600 }));
  pipeline.startWorker();
  const readSteps = async () => {
    const { timeline = [] } = (await get(`/api/events/${id}`)).body;
    return timeline.map(({ step }: { readonly step: string }) => step) as string[];
  };
  await vi.waitFor(async () => expect(await readSteps()).toContain('outcome'), { timeout: 10_000 });
  expect((await get('/api/sync/health')).body).toMatchObject({ state: 'off', healthy: false });
  expect((await get('/api/sync/metrics')).body).toMatchObject({ totalOperations: 0, lagSeconds: null });
  await createSyncStates(stores.store).write({ ...state, appliedAt: new Date() }, true);
  const [syncs, now] = [createFullSyncStore(stores.store), new Date()];
  const first = await syncs.create(toOwnFullSync('The backup is new.'), now);
  expect((await get('/api/sync/health')).body).toMatchObject({
    ...{ state: 'active', healthy: false, lagSeconds: null, appliedAt: null },
    reason: expect.stringContaining('The backup is not whole until a full sync has gone through'),
  });
  expect((await get('/api/sync/metrics')).body).toMatchObject({ lagSeconds: null, queueSize: 3 });
  expect(await readSteps()).not.toContain('synced');
  if ('meets' in first) throw new Error('It meets another one.');
  await syncs.begin({ id: first._id, fence: 1 }, [], now);
  await syncs.end({ id: first._id, fence: 1 }, 'done', {}, now);
  // The worker's clock and MongoDB's are not the same one: so near it may be on the backup or not.
  expect(await readSteps()).not.toContain('synced');
  await createSyncStates(stores.store).write({ ...state, appliedAt: new Date(Date.now() + 6000) }, true);
  expect(await readSteps()).toContain('synced');
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
