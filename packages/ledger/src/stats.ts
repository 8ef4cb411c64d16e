import type { Ledger, Stats } from '@sluice/contracts/api';
import type { Rates } from '@sluice/contracts/rates';
import type { EventsInspector, QueueCounts } from '@sluice/queue/events-inspector';
import type { StoredLedger } from '@sluice/store/ledger';
import { type InFlight, type InFlightOptions, readInFlight } from './in-flight.ts';

/** The most batches that are named as unaccounted. */
const MAX_NAMED = 100;

export type StatsOptions = {
  readonly readLedger: () => Promise<StoredLedger>;
  readonly findReceipts: InFlightOptions['findReceipts'];
  readonly readRates: () => Promise<Rates>;
  readonly inspector: Pick<
    EventsInspector,
    'readCounts' | 'readOldestWaitingMs' | 'countBatchEvents' | 'countActiveBatchEvents'
  >;
};

/** Reads the numbers of the whole system, those of the ledger as of one moment; throws DependencyAwayError. */
export async function readStats(options: StatsOptions): Promise<Stats> {
  const { readLedger, findReceipts, readRates, inspector } = options;
  // First MongoDB, then the queue: see in-flight.ts.
  const stored = await readLedger();
  const { countBatchEvents } = inspector;
  const [inFlight, queue, oldestWaitingMs, activeEvents, rates] = await Promise.all([
    readInFlight(stored, { countBatchEvents, findReceipts }),
    inspector.readCounts(),
    inspector.readOldestWaitingMs(),
    inspector.countActiveBatchEvents(),
    readRates(),
  ]);
  return toStats({ stored, inFlight, queue, oldestWaitingMs, activeEvents, rates });
}

function toStats(parts: {
  readonly stored: StoredLedger;
  readonly inFlight: InFlight;
  readonly queue: QueueCounts;
  readonly oldestWaitingMs: number | null;
  readonly activeEvents: number;
  readonly rates: Rates;
}): Stats {
  const { stored, inFlight, queue, oldestWaitingMs } = parts;
  const { normalized, duplicate, failed, dead } = stored.byStatus;
  const ahead = countAhead(stored);
  const unsettled = Math.max(0, inFlight.events - Math.max(0, ahead));
  // The queue was read a moment later than MongoDB.
  const processing = Math.min(parts.activeEvents, unsettled);
  const hasJobs = queue.waiting + queue.active + queue.delayed > 0;
  return {
    byStatus: {
      pending: stored.byStatus.pending + stored.inbox.unstored + unsettled - processing,
      processing,
      normalized,
      duplicate,
      failed,
      dead,
    },
    duplicates: { ...stored.duplicates },
    rates: parts.rates,
    queue: { ...queue },
    oldestWaitingMs,
    inbox: stored.inbox.rows,
    ledger: toLedger(stored, inFlight, unsettled, ahead === 0 || (ahead > 0 && hasJobs)),
  };
}

/**
 * Counts the raw events of batches whose receipt is still to come: a batch with twins in it is stored in several
 * transactions, and the last one brings the receipt. Less than zero means that receipts count what is not there.
 */
function countAhead({ byStatus, accepted, direct }: StoredLedger): number {
  return Object.values(byStatus).reduce((sum, count) => sum + count, 0) - accepted - direct;
}

/**
 * Accepted is what ingest sent and the inbox holds; the other side is what became of it. Raw events that no receipt
 * counts are explained by a job that is still there; with an empty queue they are the stored part of batches that are
 * gone, which is not unaccounted, or must not be.
 */
function toLedger(stored: StoredLedger, inFlight: InFlight, unsettled: number, isExplained: boolean): Ledger {
  const { normalized, duplicate, dead, failed, pending } = stored.byStatus;
  const notStored = stored.inbox.unstored + unsettled;
  const open = failed + pending + notStored;
  const uncounted = Math.max(0, countAhead(stored));
  const ahead = isExplained ? uncounted : 0;
  const lost = inFlight.lostEvents;
  const accepted = stored.accepted + stored.direct + ahead + notStored + lost;
  return {
    accepted,
    normalized,
    duplicate,
    dead,
    inFlight: open,
    merged: stored.merged,
    unaccounted: isExplained ? lost : Math.max(0, lost - uncounted),
    unaccountedBatches: inFlight.lost.slice(0, MAX_NAMED).map(({ instance, seq }) => ({ instance, seq })),
    balanced: accepted === normalized + duplicate + dead + open,
    complete: inFlight.complete && stored.inbox.isWhole,
  };
}
