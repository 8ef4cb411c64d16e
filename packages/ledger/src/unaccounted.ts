import type { BatchName } from '@sluice/contracts/bulk';
import type { StoreConnection } from '@sluice/store/connection';
import { readBatchLedger } from '@sluice/store/ledger';
import { findReceipts } from '@sluice/store/receipts';
import { readInFlight } from './in-flight.ts';
import type { StatsOptions } from './stats.ts';
import { createStatsReader } from './stats-reader.ts';

/** What the ledger cannot account for: how many events, and the first batches that held them. */
export type Unaccounted = { readonly events: number; readonly batches: readonly BatchName[] };

/**
 * Creates what tells how many events are unaccounted for, for whoever asks again and again: as long as no batch is
 * missing it counts no events. It throws DependencyAwayError.
 */
export function createUnaccountedReader(options: {
  readonly store: StoreConnection;
  readonly inspector: StatsOptions['inspector'];
  readonly now: () => number;
}): () => Promise<Unaccounted> {
  const { store, inspector } = options;
  const readStats = createStatsReader(options);

  return async () => {
    const { lostEvents } = await readInFlight(await readBatchLedger(store), {
      countBatchEvents: inspector.countBatchEvents,
      findReceipts: (batches) => findReceipts(store, batches),
    });
    if (lostEvents === 0) return { events: 0, batches: [] };
    // Some of the events of a missing batch may be stored: the whole ledger knows.
    const { ledger } = await readStats();
    return { events: ledger.unaccounted, batches: ledger.unaccountedBatches };
  };
}
