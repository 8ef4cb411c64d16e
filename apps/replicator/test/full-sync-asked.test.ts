import { createTestNames } from '@sluice/local/test-names';
import { createLogger } from '@sluice/runtime/logger';
import { createFullSyncStore, toOwnFullSync } from '@sluice/store/full-syncs';
import { expect, inject, it } from 'vitest';
import { runFullSync } from '../src/full-sync/full-sync-run.ts';
import type { ActiveReplicator } from '../src/ports.ts';
import { openPair } from './pair.ts';

const { database: prefix } = createTestNames();

it('a full sync does not do what was asked for while it listed the collections', async () => {
  const { primary, backup } = openPair({ primary: inject('mongoUrl'), backup: inject('mongoUrl') }, prefix);
  const store = createFullSyncStore(primary);
  const run = async (listCollections: ActiveReplicator['listCollections']) => {
    const planned = await store.create(toOwnFullSync('a test'), new Date());
    if ('meets' in planned) throw new Error('There is another one.');
    const active: Partial<ActiveReplicator> = {
      ...{ primary: primary.db, backup: backup.db, fence: 1, signal: new AbortController().signal },
      listCollections,
    };
    const logger = createLogger({ app: 'replicator', instance: 'test', level: 'silent' });
    await runFullSync(planned, active as ActiveReplicator, { store, logger, now: Date.now });
    expect((await store.findLast()).last).toMatchObject({ _id: planned._id, state: 'done' });
  };
  const renamed = { reason: 'a collection was renamed', at: new Date(2000) };
  await store.ask('the backup is new', new Date(1000));
  await run(async () => {
    await store.ask(renamed.reason, renamed.at);
    return [];
  });
  expect(await store.findAsked()).toEqual(renamed);
  await run(async () => []);
  expect(await store.findAsked()).toBeNull();
  // Also when nothing had been asked for before.
  await run(async () => {
    await store.ask(renamed.reason, renamed.at);
    return [];
  });
  expect(await store.findAsked()).toEqual(renamed);
});
