import { type InboxDocument, toInboxKey, toReceiptId } from '@sluice/contracts/bulk';
import type { AcceptedEvent } from '@sluice/contracts/event';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { toStorable } from './storable.ts';
import { isDuplicateKey, toWriteFailures } from './store-error.ts';

/** The accepted events that Redis could not take yet. */
export type StoredInbox = {
  /**
   * Keeps the events of a batch and a void receipt for its number; rows that are there stay as they are, and a
   * receipt of a worker that was faster is marked as one whose events the instance does not count. Resolves when a
   * majority has journaled them.
   *
   * @throws DependencyAwayError when MongoDB is away; any part may be kept
   */
  insert(batch: {
    readonly instance: string;
    readonly seq: number;
    readonly events: readonly AcceptedEvent[];
  }): Promise<void>;
  /**
   * Claims up to `limit` rows, those never enqueued first, that nobody enqueued within `olderThanMs`; no more once their
   * bodies have reached `maxBytes`.
   */
  claimRows(claim: {
    readonly limit: number;
    readonly maxBytes: number;
    readonly olderThanMs: number;
  }): Promise<readonly InboxDocument[]>;
  /** Gives claimed rows back, to be claimed at once, unless somebody claimed them again meanwhile. */
  giveBackRows(rows: readonly InboxDocument[]): Promise<void>;
  /** Returns the rows that hold an event of this id, the oldest first. */
  findByEvent(eventId: string): Promise<readonly InboxDocument[]>;
  /** Counts the rows. */
  count(): Promise<number>;
};

/** Rows that MongoDB sends at once while they are claimed: of large ones, little more than what is wanted. */
const READ_AT_ONCE = 20;

/** Creates the inbox; `timeoutMs` is the connection's operation timeout by default. */
export function createInbox(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): StoredInbox {
  const rows = toCollection(connection, 'inbox');
  const receipts = toCollection(connection, 'receipts');

  async function insert({ instance, seq, events }: Parameters<StoredInbox['insert']>[0]): Promise<void> {
    const at = new Date();
    const _id = toReceiptId({ instance, seq });
    await within(timeoutMs, async (signal) => {
      // The receipt first: after a crash in between, a number without events is accounted for and nobody was
      // promised anything; rows without a receipt would look like a lost batch.
      await receipts
        .insertOne({ _id, instance, seq, state: 'void', accepted: 0, merged: 0, at }, toWriteOptions(signal))
        .catch(async (error: unknown) => {
          if (!isDuplicateKey(error)) throw error;
          const settled = { _id, state: 'settled' as const };
          await receipts.updateOne(settled, { $set: { uncounted: true } }, toWriteOptions(signal));
        });
      if (events.length === 0) return;
      await rows
        .insertMany(
          events.map((event) => ({
            _id: toInboxKey(event.eventId, event.contentHash),
            event: toStorable(event),
            at,
          })),
          { ordered: false, ...toWriteOptions(signal) },
        )
        .catch((error: unknown) => {
          const failures = toWriteFailures(error);
          if (failures === null || failures.some(({ isDuplicate }) => !isDuplicate)) throw error;
        });
    });
  }

  async function claimRows({ limit, maxBytes, olderThanMs }: Parameters<StoredInbox['claimRows']>[0]) {
    return within(timeoutMs, async (signal) => {
      const now = new Date();
      const before = new Date(now.getTime() - olderThanMs);
      const claimed: InboxDocument[] = [];
      let bytes = 0;
      const found = rows.find(
        { $or: [{ enqueuedAt: null as never }, { enqueuedAt: { $lt: before } }] },
        { signal, maxTimeMS: timeoutMs, limit, batchSize: READ_AT_ONCE, sort: { enqueuedAt: 1, at: 1 } },
      );
      for await (const row of found) {
        claimed.push(row);
        bytes += Buffer.byteLength(row.event.body);
        if (bytes >= maxBytes) break;
      }
      if (claimed.length === 0) return [];
      await rows.updateMany(
        { _id: { $in: claimed.map(({ _id }) => _id) } },
        { $set: { enqueuedAt: now } },
        toWriteOptions(signal),
      );
      return claimed.map((row) => ({ ...row, enqueuedAt: now }));
    });
  }

  async function giveBackRows(claimed: readonly InboxDocument[]): Promise<void> {
    const ids = claimed.map(({ _id }) => _id);
    // Those of one claim have one time.
    const enqueuedAt = claimed[0]?.enqueuedAt;
    if (enqueuedAt === undefined) return;
    await within(timeoutMs, (signal) =>
      rows.updateMany(
        { _id: { $in: ids }, enqueuedAt },
        { $unset: { enqueuedAt: true } },
        toWriteOptions(signal),
      ),
    );
  }

  async function findByEvent(eventId: string): Promise<readonly InboxDocument[]> {
    // Keys are `<eventId>-<hash>`; `.` is the character after `-`.
    const filter = { _id: { $gte: `${eventId}-`, $lt: `${eventId}.` } };
    return within(timeoutMs, (signal) =>
      rows.find(filter, { signal, maxTimeMS: timeoutMs, sort: { at: 1 } }).toArray(),
    );
  }

  async function count(): Promise<number> {
    return within(timeoutMs, (signal) =>
      rows.countDocuments({}, { maxTimeMS: timeoutMs, ...toWriteOptions(signal) }),
    );
  }

  return { insert, claimRows, giveBackRows, findByEvent, count };
}
