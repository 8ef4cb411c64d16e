/**
 * How far the backup follows the primary: one document on the backup (`resume_tokens`, `_id` `position`).
 *
 *  1. `takePosition` raises its fence: from then on nobody else who thinks to be active can write to the backup. A
 *     transaction that an earlier holder left open is ended, so that nobody has to wait for it.
 *  2. Each bulk changes the position in its own transaction, and only if fence and number are those it expects. So
 *     the position is as old as the data it speaks of, also in a backup that was restored, and what is counted is
 *     counted once.
 *  3. The position names the primary it is of, and how often the replicator had told its state there: a primary that
 *     was restored to an earlier day has told it less often than the position knows.
 */
import type { SyncTotals } from '@sluice/contracts/sync';
import type { StoreConnection } from '@sluice/store/connection';
import { toWriteOptions, within } from '@sluice/store/deadline';
import type { Binary, ClientSession, Collection, Timestamp } from 'mongodb';
import { toSessionId } from './bson-values.ts';

/**
 * Where to go on: behind the change or position of a change stream's token, or behind a time. To a token belong the types of
 * the numbers in it, where it has any: without them it names no change.
 */
export type StreamStart = { readonly after: string; readonly typeBits?: Binary } | { readonly at: Timestamp };

/** The position as it stands on the backup. */
export type PositionDocument = {
  readonly _id: 'position';
  readonly fence: number;
  /** Rises by one with every bulk. */
  readonly seq: number;
  /** The session in which bulks are written. */
  readonly session: Binary | null;
  readonly start: StreamStart | null;
  /** All changes up to this time of the primary's cluster are here. */
  readonly appliedTo: Timestamp | null;
  /** No document here is newer than that: once `appliedTo` has come there, the backup is what the primary was. */
  readonly readTo: Timestamp | null;
  readonly appliedAt: Date | null;
  /** Which primary it is of; see dataset.ts. */
  readonly origin: string | null;
  readonly anchor: number;
  readonly excluded: readonly string[];
  readonly totals: SyncTotals;
  readonly lastSyncAt: Date | null;
};

/** The fields of a position that a bulk moves. */
export type PositionMove = Pick<
  PositionDocument,
  'start' | 'appliedTo' | 'appliedAt' | 'origin' | 'anchor' | 'excluded'
>;

const NO_TOTALS: SyncTotals = { succeeded: 0, failed: 0, merged: 0, conflicts: 0, timeMs: 0 };

const POSITION_ID = 'position';
const TIMEOUT_MS = 5000;
const KILL_MS = 2000;
const RELEASE_MS = 1000;

/** Returns the collection that holds the position. */
export function toPositions({ db }: StoreConnection): Collection<PositionDocument> {
  return db.collection<PositionDocument>('resume_tokens');
}

/**
 * Takes the position over, by the next fence, for bulks that are written in `session`; `fence` keeps one that is held
 * and only changes the session. Null when somebody else has taken it over.
 *
 * @throws DependencyAwayError
 */
export async function takePosition(
  backup: StoreConnection,
  session: ClientSession,
  fence?: number,
): Promise<PositionDocument | null> {
  const positions = toPositions(backup);
  const before = await within(TIMEOUT_MS, (signal) => positions.findOne({ _id: POSITION_ID }, { signal }));
  if (before?.session) await killSession(backup, before.session);
  const next = fence ?? { $add: [{ $ifNull: ['$fence', 0] }, 1] };
  const kept = {
    seq: 0,
    start: null,
    appliedTo: null,
    readTo: null,
    appliedAt: null,
    origin: null,
    anchor: 0,
  };
  return within(TIMEOUT_MS, (signal) =>
    positions.findOneAndUpdate(
      { _id: POSITION_ID, ...(fence === undefined ? {} : { fence }) },
      [
        {
          $set: {
            ...Object.fromEntries(
              Object.entries(kept).map(([field, value]) => [field, { $ifNull: [`$${field}`, value] }]),
            ),
            excluded: { $ifNull: ['$excluded', []] },
            totals: { $mergeObjects: [{ $literal: NO_TOTALS }, '$totals'] },
            lastSyncAt: { $ifNull: ['$lastSyncAt', null] },
            session: toSessionId(session.id),
            fence: next,
          },
        },
      ],
      { upsert: fence === undefined, returnDocument: 'after', ...toWriteOptions(signal) },
    ),
  );
}

/**
 * Notes that no bulk is written in the session any more: it may serve something else by the time when the position is
 * taken over, and need not be ended then.
 *
 * @throws DependencyAwayError
 */
export async function releasePosition(
  backup: StoreConnection,
  { fence, seq }: Pick<PositionDocument, 'fence' | 'seq'>,
): Promise<void> {
  await within(RELEASE_MS, (signal) =>
    toPositions(backup).updateOne(
      { _id: POSITION_ID, fence, seq },
      { $set: { session: null } },
      toWriteOptions(signal),
    ),
  );
}

/** Ends a transaction that was left open; without the right to do so it ends by itself, within a minute. */
async function killSession({ db }: StoreConnection, id: Binary): Promise<void> {
  // A backup that is away shows in what comes next.
  await within(KILL_MS, (signal) => db.command({ killSessions: [{ id }] }, { signal })).catch(
    () => undefined,
  );
}
