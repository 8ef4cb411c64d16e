import { createTestNames } from '@sluice/local/test-names';
import { startOwnMongo } from '@sluice/local/test-servers';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { startChangeFeed } from '../src/change-feed.ts';
import { readClusterTime } from '../src/changes/cluster-time.ts';
import { openPair } from './pair.ts';

const { database: prefix } = createTestNames();
const PATIENCE = { timeout: 10_000, interval: 20 };

test('what is not on the backup is as old as what was read last while the primary cannot be read', async () => {
  const server = await startOwnMongo();
  onTestFinished(() => server.stop());
  const { primary } = openPair({ primary: server.url, backup: inject('mongoUrl') }, prefix);
  const ending = new AbortController();
  const onAway = vi.fn();
  const feed = startChangeFeed({
    ...{ primary, start: { at: await readClusterTime(primary) }, appliedTo: null, appliedAt: null },
    ...{
      readFrom: { excluded: [], readsOplog: true },
      batchSize: 10,
      intervalMs: 10,
      onAway,
      signal: ending.signal,
    },
    loop: { applyChanges: async () => ({ synced: 0, refused: 0, bytes: 0 }) },
    checkPrimary: () => primary.ping(),
    toMove: (move) => ({ ...move, origin: 'primary', anchor: 0, excluded: [] }),
    onCollectionsChanged: async () => undefined,
  });
  onTestFinished(async () => {
    ending.abort();
    await feed.ended;
  });
  await vi.waitFor(() => {
    expect(feed.progress()).toMatchObject({ oldestAt: null, appliedAt: expect.any(Date) });
  }, PATIENCE);
  await server.kill();
  await vi.waitFor(() => expect(onAway).toHaveBeenCalled(), PATIENCE);
  const { oldestAt, appliedAt } = feed.progress();
  expect(oldestAt).not.toBeNull();
  expect(oldestAt).toEqual(appliedAt);
  await server.restart();
  await vi.waitFor(() => expect(feed.progress().oldestAt).toBeNull(), PATIENCE);
});
