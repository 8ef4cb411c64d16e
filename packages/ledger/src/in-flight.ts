/*
 * What became of the batches that had no receipt at the moment of the snapshot.
 *
 * A process tells its highest number only after every batch up to it was kept, so each of them was in the queue, or
 * had a receipt. A job leaves the queue only after its receipt was written. So, in this order: the snapshot (numbers
 * and receipts of one moment), the queue, and for what the queue does not hold the receipts once more. A batch that
 * was settled meanwhile was in flight at that moment; one that is in neither place is lost.
 */
import { type BatchName, type Receipt, toReceiptId } from '@sluice/contracts/bulk';
import type { InstanceLedger, StoredLedger } from '@sluice/store/ledger';

export type InFlight = {
  /** Events of batches that were kept and not settled. */
  readonly events: number;
  readonly lost: readonly BatchName[];
  /** Events of the lost batches; at least one for each. */
  readonly lostEvents: number;
  /** Whether each batch without a receipt was looked up. */
  readonly complete: boolean;
};

export type InFlightOptions = {
  /** As `EventsInspector` has it. */
  readonly countBatchEvents: (batches: readonly BatchName[]) => Promise<readonly (number | null)[]>;
  /** The receipts that batches have now, by `toReceiptId`. */
  readonly findReceipts: (batches: readonly BatchName[]) => Promise<ReadonlyMap<string, Receipt>>;
  /** Batches looked up at most; 100,000 by default. */
  readonly maxBatches?: number;
};

/** Finds out what became of the batches that a snapshot misses; throws DependencyAwayError. */
export async function readInFlight(
  stored: Pick<StoredLedger, 'instances' | 'isTruncated'>,
  { countBatchEvents, findReceipts, maxBatches = 100_000 }: InFlightOptions,
): Promise<InFlight> {
  let events = 0;
  let lostEvents = 0;
  let complete = !stored.isTruncated;
  const lost: BatchName[] = [];
  let room = maxBatches;
  for (const instance of stored.instances) {
    const batches = listMissing(instance, room);
    room -= batches.length;
    const isWhole = batches.length === countMissing(instance);
    complete &&= isWhole;
    const found = await lookUp(batches, { countBatchEvents, findReceipts });
    // What the process sent, without what was settled, is in these batches.
    const unsettled = Math.max(0, instance.events - instance.settled);
    const size = isWhole ? unsettled - found.events : 0;
    const lostHere = found.lost.length === 0 ? 0 : Math.max(found.lost.length, size);
    lost.push(...found.lost);
    lostEvents += lostHere;
    events += isWhole ? found.events : Math.max(found.events, unsettled - lostHere);
  }
  return { events, lost, lostEvents, complete };
}

async function lookUp(
  batches: readonly BatchName[],
  { countBatchEvents, findReceipts }: Pick<InFlightOptions, 'countBatchEvents' | 'findReceipts'>,
): Promise<{ readonly events: number; readonly lost: readonly BatchName[] }> {
  if (batches.length === 0) return { events: 0, lost: [] };
  const counts = await countBatchEvents(batches);
  const gone = batches.filter((_, index) => counts[index] === null);
  const receipts = await findReceipts(gone);
  const queued = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const settled = [...receipts.values()].reduce((sum, { accepted, merged }) => sum + accepted + merged, 0);
  return { events: queued + settled, lost: gone.filter((batch) => !receipts.has(toReceiptId(batch))) };
}

function countMissing({ missing }: InstanceLedger): number {
  return missing.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

function listMissing({ instance, missing }: InstanceLedger, limit: number): BatchName[] {
  const batches: BatchName[] = [];
  for (const { from, to } of missing) {
    for (let seq = from; seq <= to && batches.length < limit; seq += 1) batches.push({ instance, seq });
  }
  return batches;
}
