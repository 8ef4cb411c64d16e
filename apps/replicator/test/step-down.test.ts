import { createTestNames } from '@sluice/local/test-names';
import { startOwnMongo } from '@sluice/local/test-servers';
import { afterAll, expect, inject, test, vi } from 'vitest';
import { openPair, SYNC_OPLOG, toItems } from './pair.ts';

const { database: prefix } = createTestNames();
const server = await startOwnMongo({ members: 3 });
afterAll(() => server.stop());
const PATIENCE = { timeout: 30_000, interval: 20 };
const ROUNDS = 2;

test.each(SYNC_OPLOG)(
  'changes are read on from whoever is the primary (SYNC_OPLOG=%s)',
  async (SYNC_OPLOG) => {
    const pair = openPair({ primary: server.url, backup: inject('mongoUrl') }, prefix);
    const replicator = await pair.startActive({ SYNC_OPLOG });
    const { client, db } = pair.primary;
    const items = toItems(db);
    const admin = client.db('admin');
    const findPrimary = async (): Promise<unknown> => (await admin.command({ hello: 1 }))['me'];
    let round = 0;
    let isOver = false;

    /** Some of it fails while there is no primary. */
    async function write(): Promise<void> {
      for (; !isOver; round += 1) {
        const ids = Array.from({ length: 5 }, (_, index) => `${round}-${index}`);
        const writes = [
          () => items.insertMany(ids.map((_id) => ({ _id, round }))),
          () => items.updateMany({ round: { $gt: round - 3 } }, { $set: { last: round } }),
          () => items.deleteOne({ _id: `${round - 2}-1` }),
        ];
        for (const one of writes) await one().catch(() => undefined);
      }
    }

    const writing = write();
    for (let count = 0; count < ROUNDS; count += 1) {
      const [from, before] = [round, await findPrimary()];
      await vi.waitFor(() => expect(round).toBeGreaterThan(from + 50), PATIENCE);
      const stepDown = { replSetStepDown: 3, secondaryCatchUpPeriodSecs: 2, force: true };
      await admin.command(stepDown).catch(() => undefined);
      await vi.waitFor(async () => expect(await findPrimary()).not.toBe(before), PATIENCE);
    }
    isOver = true;
    await writing;
    await vi.waitFor(() => items.insertOne({ _id: 'end' }), PATIENCE);
    await pair.untilEqual('items');
    expect(await toItems(pair.backup.db).countDocuments()).toBeGreaterThan(ROUNDS * 200);
    expect(replicator.asked).toEqual(['first-sync']);
  },
);
