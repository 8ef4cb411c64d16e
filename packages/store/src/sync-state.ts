import type { SyncState } from '@sluice/contracts/sync';
import { type SyncStateDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';

/** What the replicator says of itself, and how old that is by MongoDB's clock. */
export type SyncStateRead = { readonly state: SyncState; readonly ageMs: number };

/** What of a state is told; the numbers stay as they were when they are left out. */
export type ToldState = Pick<SyncState, 'state' | 'since' | 'reason' | 'holder' | 'backupSeenAt'> &
  Partial<SyncState>;

/** Where a replicator tells how it is, for the api. Every call rejects with DependencyAwayError. */
export type SyncStates = {
  /** Returns what was told last; null before the first time. */
  read(): Promise<SyncStateRead | null>;
  /**
   * Tells the state, or a part of it, and returns how often an active replicator did so on this database. Whoever is not
   * the active one (`isActive` false) tells it only when no other one did lately: null = nothing was written.
   */
  write(state: ToldState, isActive: boolean): Promise<number | null>;
  /** Returns how often an active replicator told its state, by a primary that is sure to be one: no write that was acknowledged is missing. */
  countWrites(): Promise<number>;
};

const STATE_ID = 'state';

/** What a state that was never told in full says. */
const NOTHING_TOLD = {
  ...{ appliedAt: null, lagSeconds: null, pending: 0, lastSyncAt: null, perSecond: 0 },
  totals: { succeeded: 0, failed: 0, merged: 0, conflicts: 0, timeMs: 0 },
} satisfies Partial<SyncState>;

/** After which silence a replicator that is not active may speak, in ms. */
const SILENCE_MS = 5000;

/** Creates the place where the replicator's state stands; `timeoutMs` is the connection's operation timeout by default. */
export function createSyncStates(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): SyncStates {
  const collection = toCollection(connection, 'resume_tokens');

  async function read(): Promise<SyncStateRead | null> {
    const [found] = await within(timeoutMs, (signal) =>
      collection
        .aggregate<SyncStateDocument & { readonly ageMs: number }>(
          [
            { $match: { _id: STATE_ID } },
            { $set: { ageMs: { $toDouble: { $subtract: ['$$NOW', '$updatedAt'] } } } },
          ],
          { signal, maxTimeMS: timeoutMs },
        )
        .toArray(),
    );
    return found === undefined ? null : { state: { ...NOTHING_TOLD, ...found }, ageMs: found.ageMs };
  }

  async function write(state: ToldState, isActive: boolean): Promise<number | null> {
    const isSilent = { $expr: { $lt: ['$updatedAt', { $subtract: ['$$NOW', SILENCE_MS] }] } };
    // Without a position that moves with it the count of a primary that was restored would catch up with that of before.
    const change = {
      $set: state,
      $inc: { writes: isActive ? 1 : 0 },
      $currentDate: { updatedAt: true },
    } as const;
    const found = await within(timeoutMs, (signal) =>
      collection.findOneAndUpdate(
        { _id: STATE_ID, ...(isActive ? {} : { $or: [{ holder: state.holder }, isSilent] }) },
        change,
        { upsert: isActive, returnDocument: 'after', ...toWriteOptions(signal) },
      ),
    );
    if (found !== null || isActive) return found?.writes ?? null;
    // Another replicator speaks, or none ever did.
    await within(timeoutMs, (signal) =>
      collection.updateOne(
        { _id: STATE_ID },
        { $setOnInsert: { ...state, writes: 1, updatedAt: new Date() } },
        { upsert: true, ...toWriteOptions(signal) },
      ),
    );
    return null;
  }

  async function countWrites(): Promise<number> {
    const found = await within(timeoutMs, (signal) =>
      collection.findOne(
        { _id: STATE_ID },
        // A new primary's majority may know less for a moment, which would look like one that was restored.
        { signal, maxTimeMS: timeoutMs, readConcern: { level: 'linearizable' } },
      ),
    );
    return found?.writes ?? 0;
  }

  return { read, write, countWrites };
}
