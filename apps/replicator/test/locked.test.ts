import { createTestNames } from '@sluice/local/test-names';
import { startOwnMongo } from '@sluice/local/test-servers';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openPair, readTotals, toItems } from './pair.ts';

const { database: prefix } = createTestNames();

test('documents of a collection that is locked on the backup are not refused, they wait', async () => {
  const server = await startOwnMongo();
  onTestFinished(() => server.stop());
  const pair = openPair({ primary: inject('mongoUrl'), backup: server.url }, prefix);
  const replicator = await pair.startActive();
  const items = toItems(pair.primary.db);
  await items.insertOne({ _id: 1 });
  await pair.untilEqual('items');
  // Who has written holds others up that want the whole collection, and these everybody who comes later.
  await using session = pair.backup.client.startSession();
  session.startTransaction();
  await toItems(pair.backup.db).insertOne({ _id: 'mine' }, { session });
  const indexed = toItems(pair.backup.db).createIndex({ name: 1 });
  await items.insertMany([{ _id: 2 }, { _id: 3 }]);
  await replicator.waitForLine('store.away');
  await session.abortTransaction();
  await indexed;
  await pair.untilEqual('items');
  expect(replicator.lines.map(({ msg }) => msg)).not.toContain('document.refused');
  expect(await readTotals(pair)).toMatchObject({ succeeded: 3, failed: 0 });
});
