import type { StoredLedger } from '@sluice/store/ledger';
import { expect, it } from 'vitest';
import { readStats } from './stats.ts';

const NO_RATE = { accepted: 0, normalized: 0, duplicate: 0, dead: 0, failed: 0 };

const NO_JOBS = { waiting: 0, active: 0, delayed: 0, failed: 0, parked: 0 };

/** A snapshot in which receipts count four raw events, and batch 3 of `i` with three events has none yet. */
function toStored(normalized: number): StoredLedger {
  const at = new Date(0);
  return {
    byStatus: { pending: 0, normalized, duplicate: 0, failed: 0, dead: 0 },
    duplicates: { raw: 0, normalized: 0 },
    accepted: 4,
    merged: 0,
    direct: 0,
    inbox: { rows: 0, unstored: 0, isWhole: true },
    instances: [
      {
        ...{ instance: 'i', app: 'ingest', seq: 3, events: 7, startedAt: at, seenAt: at },
        ...{ accepted: 4, merged: 0, settled: 4, missing: [{ from: 3, to: 3 }] },
      },
    ],
    isTruncated: false,
  };
}

function read(stored: StoredLedger, counts = NO_JOBS, batchEvents: number | null = 3) {
  return readStats({
    readLedger: async () => stored,
    findReceipts: async () => new Map(),
    readRates: async () => ({ lastMinute: NO_RATE, lastFiveMinutes: NO_RATE }),
    inspector: {
      readCounts: async () => counts,
      readOldestWaitingMs: async () => null,
      countBatchEvents: async (batches) => batches.map(() => batchEvents),
      countActiveBatchEvents: async () => counts.active * 3,
    },
  });
}

it('balances while a batch is stored in part, and counts none of its events twice', async () => {
  const { ledger, byStatus } = await read(toStored(5), { ...NO_JOBS, active: 1 });
  expect(ledger).toMatchObject({ accepted: 7, normalized: 5, inFlight: 2, balanced: true });
  expect(byStatus).toMatchObject({ pending: 0, processing: 2 });
});

it('does not balance when raw events are there that neither a receipt nor a job explains', async () => {
  const { instances, ...stored } = toStored(5);
  expect((await read({ ...stored, instances: [] })).ledger).toMatchObject({ accepted: 4, balanced: false });
});

it('does not balance when receipts count what is not there', async () => {
  const { instances, ...stored } = toStored(3);
  const { ledger } = await read({ ...stored, instances: [] }, { ...NO_JOBS, active: 1 });
  expect(ledger).toMatchObject({ accepted: 4, normalized: 3, balanced: false });
});

it('does not count what is stored of a batch that is gone as unaccounted', async () => {
  const { ledger } = await read(toStored(5), NO_JOBS, null);
  expect(ledger).toMatchObject({ accepted: 7, normalized: 5, unaccounted: 2, balanced: false });
});

it('is not complete while the inbox holds more rows than were looked up, and has them in flight', async () => {
  const inbox = { rows: 9000, unstored: 9000, isWhole: false };
  const { ledger } = await read({ ...toStored(4), inbox });
  expect(ledger).toMatchObject({ inFlight: 9003, balanced: true, complete: false });
});

it('names a batch that is gone', async () => {
  const { ledger } = await read(toStored(4), NO_JOBS, null);
  expect(ledger).toMatchObject({ unaccounted: 3, unaccountedBatches: [{ instance: 'i', seq: 3 }] });
});
