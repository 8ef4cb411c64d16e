import { startOwnMongo } from '@sluice/local/test-servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { connectStore } from '../src/connection.ts';
import { createEventStore } from '../src/event-store.ts';
import { createInbox } from '../src/inbox.ts';
import { readLedger } from '../src/ledger.ts';
import { migrate } from '../src/migrate.ts';
import { compactReceipts } from '../src/receipts.ts';
import { useBatches } from './batches.ts';
import { useDatabase } from './database.ts';
import { newAccepted, newPlan, newRaw } from './documents.ts';

const connection = useDatabase();
const store = createEventStore(connection);
const inbox = createInbox(connection);
const { beat, settle, readMissing } = useBatches(connection);

describe('readLedger', () => {
  it('counts what is stored, what waits and which batches are missing', async () => {
    const stored = newAccepted();
    await inbox.insert({ instance: 'one', seq: 3, events: [newAccepted(), stored] });
    await store.commit(
      newPlan({
        rawInserts: [
          newRaw(),
          newRaw({ status: 'duplicate', duplicateLevel: 'normalized', duplicateOf: 'x' }),
          newRaw({ status: 'duplicate', duplicateLevel: 'raw', duplicateOf: 'x' }),
          newRaw({ status: 'dead', code: 'ERR_STALLED' }),
          newRaw({ _id: stored.eventId, contentHash: stored.contentHash, direct: true }),
        ],
        receipts: [
          { instance: 'one', seq: 1, accepted: 4, merged: 2, replacesVoid: false },
          { instance: 'one', seq: 5, accepted: 0, merged: 1, replacesVoid: false },
        ],
      }),
    );
    await beat('one', 8, 12);
    const ledger = await readLedger(connection);
    expect(ledger).toMatchObject({
      byStatus: { pending: 0, normalized: 2, duplicate: 2, failed: 0, dead: 1 },
      duplicates: { raw: 1, normalized: 1 },
      accepted: 4,
      merged: 3,
      direct: 1,
      inbox: { rows: 2, unstored: 1, isWhole: true },
      isTruncated: false,
      instances: [
        {
          instance: 'one',
          app: 'ingest',
          seq: 8,
          events: 12,
          accepted: 4,
          merged: 3,
          missing: [
            { from: 2, to: 2 },
            { from: 4, to: 4 },
            { from: 6, to: 8 },
          ],
        },
      ],
    });
    const { normalized, duplicate, dead } = ledger.byStatus;
    expect(ledger.accepted + ledger.direct).toBe(normalized + duplicate + dead);
  });

  it('looks up only so many rows of the inbox, takes the others for not stored, and says so', async () => {
    const events = [newAccepted(), newAccepted()];
    await inbox.insert({ instance: 'swept', seq: 1, events });
    const rawInserts = events.map(({ eventId, contentHash }) => {
      return newRaw({ _id: eventId, contentHash, direct: true });
    });
    await store.commit(newPlan({ rawInserts }));
    const { inbox: all } = await readLedger(connection);
    const { inbox: some } = await readLedger(connection, { maxRows: all.rows - 1 });
    expect([all.isWhole, some.isWhole, some.rows]).toEqual([true, false, all.rows]);
    expect(some.unstored).toBe(all.unstored + 1);
  });

  it('finds an instance without any receipt wholly missing, and a complete one not', async () => {
    await beat('silent', 3, 3);
    await beat('complete', 2, 4);
    await settle('complete', [1, 2, 3]);
    expect(await readMissing('silent')).toEqual([{ from: 1, to: 3 }]);
    expect(await readMissing('complete')).toEqual([]);
  });

  it('does not take a void batch that was settled after all for one of those that its instance counts', async () => {
    await beat('revived', 1, 3);
    await settle('revived', [1]);
    await inbox.insert({ instance: 'revived', seq: 2, events: [] });
    await settle('revived', [2], true);
    await beat('revived', 3, 9);
    const { instances: entries } = await readLedger(connection);
    const entry = entries.find(({ instance }) => instance === 'revived');
    expect(entry).toMatchObject({ accepted: 4, merged: 2, settled: 3, missing: [{ from: 3, to: 3 }] });
  });

  it('does not count what was settled before its batch was moved to the inbox, however often that is tried', async () => {
    await settle('faster', [1, 2]);
    await inbox.insert({ instance: 'faster', seq: 2, events: [] });
    await inbox.insert({ instance: 'faster', seq: 2, events: [] });
    // One event for 1, none for 2, and what was lost: 4 in 3.
    await beat('faster', 3, 7);
    const readEntry = async () => {
      const { instances: entries } = await readLedger(connection);
      return entries.find(({ instance }) => instance === 'faster');
    };
    const wanted = { accepted: 4, merged: 2, settled: 3, missing: [{ from: 3, to: 3 }] };
    expect(await readEntry()).toMatchObject(wanted);
    expect(await compactReceipts(connection, { olderThanMs: -60_000 })).toBeGreaterThanOrEqual(2);
    expect(await readEntry()).toMatchObject(wanted);
  });

  it('cuts a long list of gaps off and says so', async () => {
    await settle('gappy', [2, 4, 6, 8]);
    await beat('gappy', 8, 8);
    const { isTruncated, instances: entries } = await readLedger(connection, { maxRanges: 2 });
    expect(isTruncated).toBe(true);
    expect(entries.flatMap(({ missing }) => missing).length).toBeLessThanOrEqual(3);
  });
});

describe('beat', () => {
  it('never goes back', async () => {
    await beat('steady', 5, 50);
    await beat('steady', 4, 40);
    expect(await toCollection(connection, 'instances').findOne({ _id: 'steady' })).toMatchObject({
      seq: 5,
      events: 50,
    });
  });
});

it('is of one moment, however much is written while it is read, by a MongoDB that keeps no past', async () => {
  const server = await startOwnMongo({ keepsPast: false });
  onTestFinished(server.stop);
  const own = connectStore({ uri: server.url.replace('/?', '/sluice?'), appName: 'store-test' });
  onTestFinished(() => own.close());
  await migrate(own, 30_000);
  const { commit } = createEventStore(own);
  let seq = 0;
  let isDone = false;
  async function writeOn(): Promise<void> {
    while (!isDone) {
      seq += 1;
      const receipts = [{ instance: 'busy', seq, accepted: 2, merged: 0, replacesVoid: false }];
      await commit(newPlan({ rawInserts: [newRaw(), newRaw({ status: 'dead' })], receipts }));
    }
  }
  const writing = writeOn();
  const differences = new Set<number>();
  try {
    for (let count = 0; count < 30; count += 1) {
      const { accepted, byStatus } = await readLedger(own);
      differences.add(accepted - Object.values(byStatus).reduce((sum, stored) => sum + stored, 0));
    }
  } finally {
    isDone = true;
    await writing;
  }
  expect([...differences]).toEqual([0]);
  expect(seq).toBeGreaterThan(30);
});
