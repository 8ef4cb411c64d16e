import type { Stats } from '@sluice/contracts/api';
import type { StoreConnection } from '@sluice/store/connection';
import { readLedger } from '@sluice/store/ledger';
import { readRates } from '@sluice/store/outcomes';
import { findReceipts } from '@sluice/store/receipts';
import { readStats, type StatsOptions } from './stats.ts';

/**
 * Creates what reads the numbers of the whole system (`readStats`) on the connections of a process. Counting may take
 * `timeoutMs`, 20,000 by default.
 */
export function createStatsReader({
  store,
  inspector,
  now,
  timeoutMs = 20_000,
}: {
  readonly store: StoreConnection;
  readonly inspector: StatsOptions['inspector'];
  readonly now: () => number;
  readonly timeoutMs?: number;
}): () => Promise<Stats> {
  return () =>
    readStats({
      readLedger: () => readLedger(store, { timeoutMs }),
      findReceipts: (batches) => findReceipts(store, batches),
      readRates: () => readRates(store, now()),
      inspector,
    });
}
