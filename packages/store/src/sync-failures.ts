import type { SyncFailure } from '@sluice/contracts/sync';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';

/** A document that the backup refused just now. */
export type Refusal = Pick<
  SyncFailure,
  '_id' | 'collection' | 'documentId' | 'isDelete' | 'code' | 'message'
>;

/** The documents that the backup refused (`sync_failures`). Every call rejects with DependencyAwayError. */
export type SyncFailures = {
  /** Notes refusals, and returns what stands of them; one that was dead begins a new run. */
  note(refusals: readonly Refusal[], now: Date): Promise<readonly SyncFailure[]>;
  /** Returns a refused document; null when it has been copied since. */
  get(id: string): Promise<SyncFailure | null>;
  /** Notes that a retry failed, which was the last of its run (`dead`) or not. */
  noteRetry(id: string, attempts: number, state: SyncFailure['state'], now: Date): Promise<void>;
  /** Forgets documents, because they are copied. */
  forget(ids: readonly string[]): Promise<void>;
  /** Lists the ids of all of them, at most 100,000. */
  listIds(): Promise<readonly string[]>;
  /** Lists those to be retried that nobody has touched since `before`, the oldest first, at most 1,000. */
  listForgotten(before: Date): Promise<readonly SyncFailure[]>;
  count(): Promise<{ readonly retrying: number; readonly dead: number }>;
};

const LIST_MAX = 100_000;
const PORTION = 1000;
const MESSAGE_LENGTH = 500;

/** Creates the store of refused documents; `timeoutMs` is the connection's operation timeout by default. */
export function createSyncFailures(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): SyncFailures {
  const collection = toCollection(connection, 'sync_failures');

  async function note(refusals: readonly Refusal[], now: Date): Promise<readonly SyncFailure[]> {
    const noted: SyncFailure[] = [];
    for (let from = 0; from < refusals.length; from += PORTION) {
      noted.push(...(await notePortion(refusals.slice(from, from + PORTION), now)));
    }
    return noted;
  }

  async function notePortion(refusals: readonly Refusal[], now: Date): Promise<readonly SyncFailure[]> {
    const wasDead = { $eq: ['$state', 'dead'] };
    await within(timeoutMs, (signal) =>
      collection.bulkWrite(
        refusals.map(({ _id, collection, documentId, isDelete = false, code, message }) => ({
          updateOne: {
            filter: { _id },
            update: [
              {
                $set: {
                  collection: { $literal: collection },
                  documentId: { $literal: documentId },
                  isDelete,
                  code: { $literal: code },
                  message: { $literal: message.slice(0, MESSAGE_LENGTH) },
                  state: 'retrying',
                  // The job of one that was forgotten may still stand in the queue: it must not have the same name.
                  run: { $add: [{ $ifNull: ['$run', now.getTime()] }, { $cond: [wasDead, 1, 0] }] },
                  attempts: { $cond: [wasDead, 0, { $ifNull: ['$attempts', 0] }] },
                  firstAt: { $ifNull: ['$firstAt', now] },
                  lastAt: now,
                },
              },
            ],
            upsert: true,
          },
        })),
        { ordered: false, ...toWriteOptions(signal) },
      ),
    );
    return within(timeoutMs, (signal) =>
      collection.find({ _id: { $in: refusals.map(({ _id }) => _id) } }, { signal }).toArray(),
    );
  }

  async function noteRetry(
    id: string,
    attempts: number,
    state: SyncFailure['state'],
    now: Date,
  ): Promise<void> {
    await within(timeoutMs, (signal) =>
      collection.updateOne({ _id: id }, { $set: { attempts, state, lastAt: now } }, toWriteOptions(signal)),
    );
  }

  async function forget(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await within(timeoutMs, (signal) =>
      collection.deleteMany({ _id: { $in: [...ids] } }, toWriteOptions(signal)),
    );
  }

  async function listIds(): Promise<readonly string[]> {
    const found = await within(timeoutMs, (signal) =>
      collection.find({}, { signal, projection: { _id: 1 }, limit: LIST_MAX, batchSize: LIST_MAX }).toArray(),
    );
    return found.map(({ _id }) => _id);
  }

  function listForgotten(before: Date): Promise<readonly SyncFailure[]> {
    return within(timeoutMs, (signal) =>
      collection
        .find({ state: 'retrying', lastAt: { $lt: before } }, { signal, sort: { lastAt: 1 }, limit: PORTION })
        .toArray(),
    );
  }

  async function count(): Promise<{ readonly retrying: number; readonly dead: number }> {
    const groups = await within(timeoutMs, (signal) =>
      collection
        .aggregate<{ readonly _id: string; readonly count: number }>(
          [{ $group: { _id: '$state', count: { $sum: 1 } } }],
          { signal, maxTimeMS: timeoutMs },
        )
        .toArray(),
    );
    const byState = new Map(groups.map(({ _id, count }) => [_id, count]));
    return { retrying: byState.get('retrying') ?? 0, dead: byState.get('dead') ?? 0 };
  }

  return {
    note,
    get: (id) => within(timeoutMs, (signal) => collection.findOne({ _id: id }, { signal })),
    noteRetry,
    forget,
    listIds,
    listForgotten,
    count,
  };
}
