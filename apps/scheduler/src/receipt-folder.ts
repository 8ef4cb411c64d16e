import type { Logger } from '@sluice/runtime/logger';
import type { Leases } from '@sluice/store/leases';
import { type LeasedRounds, startLeasedRounds } from './leased-rounds.ts';

/**
 * Starts to fold old receipts into sums, and to mark instances that ended, every minute in one scheduler: without it the
 * ledger would get slower for ever.
 */
export function startReceiptFolder({
  compact,
  endInstances,
  leases,
  holder,
  logger,
  lookMs,
}: {
  /** Folds some, and returns how many. */
  readonly compact: () => Promise<number>;
  readonly endInstances: () => Promise<void>;
  readonly leases: Leases;
  readonly holder: string;
  readonly logger: Logger;
  readonly lookMs?: number;
}): LeasedRounds {
  async function work(isStopped: () => boolean): Promise<void> {
    while (!isStopped() && (await compact()) > 0);
    await endInstances();
  }

  return startLeasedRounds({ name: 'fold-receipts', work, leases, holder, logger, everyMs: lookMs });
}
