import type { InboxDocument } from '@sluice/contracts/bulk';
import { FIRST_RUN, toInboxJobId } from '@sluice/contracts/queues';
import type { SettleQueue, SplitJob } from './ports.ts';

/** The inbox as sweeping sees it. */
export type SweepInbox = {
  /**
   * Claims rows that were never put into the queue, or were longer ago than `olderThanMs`; no more once their bodies have
   * reached `maxBytes`.
   */
  claimRows(claim: {
    readonly limit: number;
    readonly maxBytes: number;
    readonly olderThanMs: number;
  }): Promise<readonly InboxDocument[]>;
  /** Gives claimed rows back, to be claimed at once, unless somebody claimed them again meanwhile. */
  giveBackRows(rows: readonly InboxDocument[]): Promise<void>;
};

/** After how long a row that is still there is put into the queue again. */
const AGAIN_AFTER_MS = 60_000;

/** The size of a portion: small beside the room that Redis has when the next one is allowed. */
const PORTION_BYTES = 8 * 1024 ** 2;

/**
 * Moves one portion of the inbox to the queue and returns how many rows it moved. The rows stay until a worker has
 * stored their events; a lost job is repaired by moving the row again after 60 s. What the queue does not take is
 * given back: those who sent it wait for Redis only.
 */
export async function sweepInbox(
  { inbox, queue }: { readonly inbox: SweepInbox; readonly queue: Pick<SettleQueue, 'addSplit'> },
  limit = 500,
): Promise<number> {
  const rows = await inbox.claimRows({ limit, maxBytes: PORTION_BYTES, olderThanMs: AGAIN_AFTER_MS });
  if (rows.length === 0) return 0;
  try {
    await queue.addSplit(rows.map(toInboxJob));
  } catch (error) {
    // Jobs that were added all the same are not added twice. If MongoDB is away, too, the rows wait for their 60 s.
    await inbox.giveBackRows(rows).catch(() => undefined);
    throw error;
  }
  return rows.length;
}

function toInboxJob({ _id, event }: InboxDocument): SplitJob {
  return {
    jobId: toInboxJobId(_id),
    job: {
      envelope: 1,
      instance: 'inbox',
      seq: 0,
      events: [event],
      single: { run: FIRST_RUN, attemptsBefore: 0, reason: 'inbox' },
    },
    delayMs: 0,
  };
}
