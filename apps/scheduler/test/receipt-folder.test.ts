import { createTestNames } from '@sluice/local/test-names';
import { createLogger } from '@sluice/runtime/logger';
import { toCollection } from '@sluice/store/collections';
import { createInstances, endInstances } from '@sluice/store/instances';
import { createLeases } from '@sluice/store/leases';
import { readLedger } from '@sluice/store/ledger';
import { compactReceipts } from '@sluice/store/receipts';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { startReceiptFolder } from '../src/receipt-folder.ts';
import { openPlace } from './scheduler.ts';

const SOON = { timeout: 30_000, interval: 50 };

it('folds old receipts, leaves the young ones, and the ledger says the same', async () => {
  const { prefix, mongoUrl } = createTestNames();
  const { store, close } = await openPlace({ redisUrl: inject('redisUrl'), mongoUrl, prefix });
  const receipts = toCollection(store, 'receipts');
  const old = new Date(Date.now() - 3_600_000);
  const toReceipt = (seq: number, at: Date) => {
    return { _id: `i-${seq}`, instance: 'i', seq, state: 'settled', accepted: 3, merged: 1, at } as const;
  };
  await receipts.insertMany([toReceipt(1, old), toReceipt(2, old), toReceipt(3, new Date())]);
  const now = new Date();
  const beat = { _id: 'i', app: 'ingest', seq: 4, events: 16, merged: 0, startedAt: now, seenAt: now };
  await createInstances(store).beat(beat);
  const ended = { ...beat, _id: 'ended', seq: 0, events: 0, merged: 7, seenAt: new Date(0) };
  await createInstances(store).beat(ended);
  const before = await readLedger(store);

  const logger = createLogger({ app: 'scheduler', instance: prefix, level: 'silent' });
  const compact = () => compactReceipts(store);
  const parts = {
    compact,
    endInstances: () => endInstances(store),
    leases: createLeases(store),
    logger,
    lookMs: 50,
  };
  const folders = ['one', 'two'].map((holder) => startReceiptFolder({ ...parts, holder }));
  onTestFinished(async () => {
    await Promise.all(folders.map((folder) => folder.stop()));
    await close();
  });

  await vi.waitFor(async () => expect(await receipts.countDocuments()).toBe(1), SOON);
  await vi.waitFor(async () => expect((await readLedger(store)).instances).toHaveLength(1), SOON);
  const [instance] = before.instances;
  expect(await readLedger(store)).toEqual({ ...before, instances: [instance] });
  expect(before.instances).toMatchObject([
    { accepted: 9, merged: 3, missing: [{ from: 4, to: 4 }] },
    { instance: 'ended' },
  ]);
});
