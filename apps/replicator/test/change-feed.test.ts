import { createTestNames } from '@sluice/local/test-names';
import { startOwnMongo } from '@sluice/local/test-servers';
import type { StoreConnection } from '@sluice/store/connection';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { type ChangeFeed, type ChangeFeedOptions, startChangeFeed } from '../src/change-feed.ts';
import { readClusterTime } from '../src/changes/cluster-time.ts';
import { openPair } from './pair.ts';

const { database: prefix } = createTestNames();
const PATIENCE = { timeout: 10_000, interval: 20 };

/** Starts a feed behind a time, of which everything is copied at once. */
function startFeed(
  primary: StoreConnection,
  given: Pick<ChangeFeedOptions, 'start'> &
    Partial<Pick<ChangeFeedOptions, 'appliedAt' | 'batchSize' | 'onAway'>>,
): ChangeFeed {
  const ending = new AbortController();
  const feed = startChangeFeed({
    ...{ primary, appliedTo: null, appliedAt: null, batchSize: 10, intervalMs: 10, onAway: () => undefined },
    ...given,
    ...{ readFrom: { excluded: ['left'], readsOplog: true }, signal: ending.signal },
    loop: { applyChanges: async () => ({ synced: 0, refused: 0, bytes: 0 }) },
    checkPrimary: () => primary.ping(),
    toMove: (move) => ({ ...move, origin: 'primary', anchor: 0, excluded: [] }),
    onCollectionsChanged: async () => undefined,
  });
  onTestFinished(async () => {
    ending.abort();
    await feed.ended;
  });
  return feed;
}

test('what is not on the backup is as old as what was read last while the primary cannot be read', async () => {
  const server = await startOwnMongo();
  onTestFinished(() => server.stop());
  const { primary } = openPair({ primary: server.url, backup: inject('mongoUrl') }, prefix);
  const onAway = vi.fn();
  const feed = startFeed(primary, { start: { at: await readClusterTime(primary) }, onAway });
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

test('what is on the backup stays known while answers are full of what is not copied', async () => {
  const { primary } = openPair({ primary: inject('mongoUrl'), backup: inject('mongoUrl') }, prefix);
  const left = await primary.db.createCollection('left');
  const start = { at: await readClusterTime(primary) };
  // Of transactions the oplog tells, whatever they change.
  for (let n = 0; n < 50; n += 1) {
    await primary.client.withSession((session) =>
      session.withTransaction(() => left.insertOne({ n }, { session })),
    );
  }
  const end = await readClusterTime(primary);
  const appliedAt = new Date(0);
  const feed = startFeed(primary, { start, appliedAt, batchSize: 1 });
  const seen = new Set<Date | null>();
  await vi.waitFor(
    () => {
      const { appliedAt, appliedTo } = feed.progress();
      seen.add(appliedAt);
      expect(appliedTo?.greaterThanOrEqual(end)).toBe(true);
    },
    { ...PATIENCE, interval: 1 },
  );
  expect(seen).not.toContain(null);
});
