import { type BatchName, type Receipt, toReceiptId } from '@sluice/contracts/bulk';
import type { InstanceLedger } from '@sluice/store/ledger';
import { describe, expect, it } from 'vitest';
import { readInFlight } from './in-flight.ts';

function toInstance(fields: Partial<InstanceLedger>): InstanceLedger {
  const at = new Date(0);
  return {
    instance: 'i',
    app: 'ingest',
    seq: 0,
    events: 0,
    startedAt: at,
    seenAt: at,
    accepted: 0,
    merged: 0,
    settled: 0,
    missing: [],
    ...fields,
  };
}

/** A queue and receipts that know some batches of the instance `i`, by number. */
function toStores(queued: Record<number, number>, receipted: Record<number, number>) {
  const asked: BatchName[] = [];
  return {
    asked,
    countBatchEvents: async (batches: readonly BatchName[]) => batches.map(({ seq }) => queued[seq] ?? null),
    findReceipts: async (batches: readonly BatchName[]): Promise<ReadonlyMap<string, Receipt>> => {
      asked.push(...batches);
      const found = batches.filter(({ seq }) => receipted[seq] !== undefined);
      return new Map(
        found.map((batch) => [
          toReceiptId(batch),
          { ...batch, accepted: receipted[batch.seq] ?? 0, merged: 0 },
        ]),
      );
    },
  };
}

describe('readInFlight', () => {
  it('takes what the queue holds as in flight', async () => {
    const instance = toInstance({
      seq: 5,
      events: 10,
      settled: 4,
      missing: [
        { from: 2, to: 3 },
        { from: 5, to: 5 },
      ],
    });
    const stores = toStores({ 2: 1, 3: 2, 5: 3 }, {});
    const found = await readInFlight({ instances: [instance], isTruncated: false }, stores);
    expect(found).toEqual({ events: 6, lost: [], lostEvents: 0, complete: true });
    expect(stores.asked).toEqual([]);
  });

  it('takes what was settled since the snapshot as in flight at its moment', async () => {
    const instance = toInstance({ seq: 3, events: 9, settled: 0, missing: [{ from: 1, to: 3 }] });
    const found = await readInFlight(
      { instances: [instance], isTruncated: false },
      toStores({ 1: 2 }, { 2: 3, 3: 4 }),
    );
    expect(found).toEqual({ events: 9, lost: [], lostEvents: 0, complete: true });
  });

  it('calls lost what is in neither place, with the events that are missing in the sum', async () => {
    const instance = toInstance({ seq: 4, events: 20, settled: 5, missing: [{ from: 2, to: 4 }] });
    const found = await readInFlight({ instances: [instance], isTruncated: false }, toStores({ 3: 6 }, {}));
    expect(found).toEqual({
      events: 6,
      lost: [
        { instance: 'i', seq: 2 },
        { instance: 'i', seq: 4 },
      ],
      lostEvents: 9,
      complete: true,
    });
  });

  it('counts at least one event for each lost batch, whatever the sum says', async () => {
    const instance = toInstance({ seq: 2, events: 3, settled: 8, missing: [{ from: 1, to: 2 }] });
    const { lostEvents } = await readInFlight(
      { instances: [instance], isTruncated: false },
      toStores({}, {}),
    );
    expect(lostEvents).toBe(2);
  });

  it('looks only so many up, and takes the others as in flight', async () => {
    const instance = toInstance({
      seq: 1_000_000,
      events: 2_000_000,
      settled: 0,
      missing: [{ from: 1, to: 1_000_000 }],
    });
    const options = { ...toStores({ 1: 2, 2: 2 }, {}), maxBatches: 3 };
    const found = await readInFlight({ instances: [instance], isTruncated: false }, options);
    expect(found).toEqual({
      events: 1_999_999,
      lost: [{ instance: 'i', seq: 3 }],
      lostEvents: 1,
      complete: false,
    });
  });
});
