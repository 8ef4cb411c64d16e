import type { FullSyncDocument } from '@sluice/contracts/full-sync';
import { createLogger } from '@sluice/runtime/logger';
import type { FullSyncStore } from '@sluice/store/full-syncs';
import { expect, it } from 'vitest';
import type { ActiveReplicator } from '../ports.ts';
import { runFullSync } from './full-sync-run.ts';

it('ends when what it has done cannot be written down, for a reason nobody foresaw', async () => {
  const unforeseen = new Error('No.');
  const running: Partial<FullSyncDocument> = {
    ...{ _id: 'op_1', state: 'running', deletes: 'none', ratePerSecond: 1000 },
    ...{ collections: [], position: null, only: { collection: 'items', ids: ['1'] } },
  };
  const active: Partial<ActiveReplicator> = {
    ...{ fence: 1, signal: new AbortController().signal },
    applyIds: () => new Promise(() => undefined),
  };
  const store: Partial<FullSyncStore> = { note: () => Promise.reject(unforeseen) };
  const run = runFullSync(running as FullSyncDocument, active as ActiveReplicator, {
    ...{ store: store as FullSyncStore, now: Date.now, noteEveryMs: 1 },
    logger: createLogger({ app: 'replicator', instance: 'test', level: 'silent' }),
  });
  await expect(run).rejects.toBe(unforeseen);
});
