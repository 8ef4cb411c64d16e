import type { Ledger, Stats } from '@sluice/contracts/api';
import type { EventsInspector, QueueCounts } from '@sluice/queue/events-inspector';
import type { StoredLedger } from '@sluice/store/ledger';
import { type InFlight, type InFlightOptions, readInFlight } from './in-flight.ts';

/** The most batches that are named as unaccounted. */
const MAX_NAMED = 100;

export type StatsOptions = {
  readonly readLedger: () => Promise<StoredLedger>;
  readonly findReceipts: InFlightOptions['findReceipts'];
  readonly inspector: Pick<
    EventsInspector,
    'readCounts' | 'readOldestWaitingMs' | 'countBatchEvents' | 'countActiveBatchEvents'
  >;
};

/** Reads the numbers of the whole system, those of the ledger as of one moment; throws DependencyAwayError. */
export async function readStats({ readLedger, findReceipts, inspector }: StatsOptions): Promise<Stats> {
  // First MongoDB, then the queue: see in-flight.ts.
  const stored = await readLedger();
  const { countBatchEvents } = inspector;
  const [inFlight, queue, oldestWaitingMs, activeEvents] = await Promise.all([
    readInFlight(stored, { countBatchEvents, findReceipts }),
    inspector.readCounts(),
    inspector.readOldestWaitingMs(),
    inspector.countActiveBatchEvents(),
  ]);
  return toStats({ stored, inFlight, queue, oldestWaitingMs, activeEvents });
}

function toStats(parts: {
  readonly stored: StoredLedger;
  readonly inFlight: InFlight;
  readonly queue: QueueCounts;
  readonly oldestWaitingMs: number | null;
  readonly activeEvents: number;
}): Stats {
  const { stored, inFlight, queue, oldestWaitingMs } = parts;
  // The queue was read a moment later than MongoDB.
  const processing = Math.min(parts.activeEvents, inFlight.events);
  const { normalized, duplicate, failed, dead } = stored.byStatus;
  const waiting = inFlight.events - processing;
  return {
    byStatus: {
      pending: stored.byStatus.pending + stored.inbox.unstored + waiting,
      processing,
      normalized,
      duplicate,
      failed,
      dead,
    },
    duplicates: { ...stored.duplicates },
    queue: { ...queue },
    oldestWaitingMs,
    inbox: stored.inbox.rows,
    ledger: toLedger(stored, inFlight),
  };
}

/** Accepted is what ingest sent and the inbox holds; the other side is what became of it. */
function toLedger(stored: StoredLedger, inFlight: InFlight): Ledger {
  const { normalized, duplicate, dead, failed, pending } = stored.byStatus;
  const notStored = stored.inbox.unstored + inFlight.events;
  const accepted = stored.accepted + stored.direct + notStored + inFlight.lostEvents;
  const open = failed + pending + notStored;
  return {
    accepted,
    normalized,
    duplicate,
    dead,
    inFlight: open,
    merged: stored.merged,
    unaccounted: inFlight.lostEvents,
    unaccountedBatches: inFlight.lost.slice(0, MAX_NAMED).map(({ instance, seq }) => ({ instance, seq })),
    balanced: accepted === normalized + duplicate + dead + open,
    complete: inFlight.complete,
  };
}
