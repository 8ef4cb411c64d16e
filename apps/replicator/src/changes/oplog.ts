/**
 * The changes of the primary's database as its oplog has them, which costs the primary a fraction of a change stream.
 *
 *  1. MongoDB hands out the entries as they are, those of other databases aside, as far as a majority has them: nothing
 *     of it is ever rolled back.
 *  2. The oplog has to reach back to where reading begins: that is looked at before, and again when the cursor is at its place.
 *  3. While nothing changes but elsewhere, the cursor does not say how far it is. So the newest entry is looked at before it is
 *     asked: if it has nothing then, nothing was changed up to there.
 *  4. An entry that is not known in all of its parts ends it: an OplogNotReadError, once all before it was handed on.
 */
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import { toStoreError } from '@sluice/store/store-error';
import { type Db, type Document, MongoServerError, type Timestamp } from 'mongodb';
import type { Change, ChangeSource, ChangesWanted } from './change.ts';
import { LARGE_ANSWER, openCommandCursor } from './command-cursor.ts';
import { createEntryReader } from './oplog-entry.ts';

/** This oplog, or what comes next in it, cannot be read here; a change stream may be able to. */
export class OplogNotReadError extends Error {
  override readonly name = 'OplogNotReadError';
}

const COLLECTION = 'oplog.rs';
const LOOK_MS = 10_000;

/** What is left of the size of transactions, with each answer, once they are smaller. */
const SIZE_DECAY = 0.9;

/** Unauthorized: without the right to read `local`. */
const UNAUTHORIZED = 13;

/**
 * Opens the oplog behind a time; it waits for nothing.
 *
 * @throws OplogNotReadError, DependencyAwayError, and `next` too: then it is not to be asked again
 */
export async function openOplog(
  connection: StoreConnection,
  { start, excluded, ending, answersEveryMs }: ChangesWanted<{ readonly at: Timestamp }>,
): Promise<ChangeSource> {
  const db = connection.client.db('local');
  const { databaseName } = connection.db;
  const readEntry = createEntryReader(databaseName, excluded);
  await checkReachesBack(db, start.at);
  const cursor = await openCommandCursor(connection, {
    ...{ db, collection: COLLECTION, toError: toOplogError, ending, answersEveryMs },
    command: {
      ...{ find: COLLECTION, filter: toFilter(databaseName, excluded, start.at) },
      ...{ tailable: true, awaitData: true, batchSize: 0 },
    },
  });
  let { at } = start;
  let isChecked = false;
  let isIdle = false;
  /** Changes of an entry: as many as in the longest ones lately. */
  let changesPerEntry: number | null = null;
  let notRead: OplogNotReadError | null = null;

  return {
    async next({ limit, waitMs }) {
      if (notRead !== null) throw notRead;
      const asked = changesPerEntry === null ? 1 : Math.max(1, Math.floor(limit / changesPerEntry));
      const newest = isIdle ? await readEnd(db, 'newest') : null;
      const { batch, bytes } = await cursor.read({ limit: asked, waitMs });
      if (!isChecked) await checkReachesBack(db, at);
      isChecked ||= batch.length > 0;
      const changes: Change[] = [];
      let most = 1;
      for (const raw of batch) {
        const entry = readEntry(raw);
        if ('unknown' in entry) {
          notRead = new OplogNotReadError(`An entry of the oplog is not known here: ${entry.unknown}.`);
          break;
        }
        at = entry.at;
        for (const change of entry.changes) changes.push(change);
        most = Math.max(most, entry.changes.length);
      }
      if (notRead !== null && changes.length === 0) throw notRead;
      if (batch.length > 0) changesPerEntry = Math.max(most, (changesPerEntry ?? 0) * SIZE_DECAY);
      isIdle = batch.length === 0;
      if (isIdle && newest?.greaterThan(at)) at = newest;
      // Behind it may be one entry of more than 12 MiB, which the next answer brings.
      const hasMore = batch.length >= asked || bytes >= LARGE_ANSWER || notRead !== null;
      return { changes, to: { at }, ends: hasMore ? 'between' : 'now' };
    },
    close: cursor.close,
  };
}

/**
 * Entries of one database, but for collections that are excluded or MongoDB's own, and what belongs to transactions whose other
 * parts may do: those that are in several entries, or prepared before they come to pass.
 */
function toFilter(database: string, excluded: readonly string[], at: Timestamp): Document {
  const ours = { $gte: `${database}.`, $lt: `${database}/` };
  const left = { $nin: excluded.map((name) => `${database}.${name}`) };
  return {
    ts: { $gt: at },
    $or: [
      { ns: { $gte: `${database}.`, $lt: `${database}.system.`, ...left } },
      { ns: { $gte: `${database}.system/`, $lt: `${database}/`, ...left } },
      {
        ns: 'admin.$cmd',
        $or: [
          { 'o.applyOps.ns': ours },
          { 'o.applyOps': { $exists: false } },
          ...['partialTxn', 'prepare', 'count'].map((part) => ({ [`o.${part}`]: { $exists: true } })),
        ],
      },
    ],
  };
}

/** Finds out whether the oplog has everything that came behind a time; where it may not, a change stream is sure to find out. */
async function checkReachesBack(db: Db, at: Timestamp): Promise<void> {
  const oldest = await readEnd(db, 'oldest');
  if (oldest === null || at.lessThan(oldest)) {
    throw new OplogNotReadError('The oplog does not reach back that far.');
  }
}

/** Reads of when the oldest or the newest entry is, as far as a majority has them. */
async function readEnd(db: Db, end: 'oldest' | 'newest'): Promise<Timestamp | null> {
  const sort = { $natural: end === 'oldest' ? 1 : -1 } as const;
  const options = { sort, projection: { ts: 1 }, readConcern: 'majority' } as const;
  try {
    const entry = await within(LOOK_MS, (signal) =>
      db.collection<{ readonly ts: Timestamp }>(COLLECTION).findOne({}, { ...options, signal }),
    );
    return entry?.ts ?? null;
  } catch (error) {
    throw toOplogError(error);
  }
}

/** Translates what MongoDB says to a question for its oplog, or what `within` made of that. */
export function toOplogError(thrown: unknown): unknown {
  const refusal = [thrown, thrown instanceof DependencyAwayError ? thrown.cause : null].find(
    (error) => error instanceof MongoServerError,
  );
  const error = toStoreError(thrown);
  if (refusal?.code === UNAUTHORIZED) {
    const what =
      'The user of the primary may not read the oplog: give it the role `read` on the database `local`.';
    return new OplogNotReadError(what, { cause: refusal });
  }
  if (refusal === undefined || error instanceof DependencyAwayError) return error;
  return new OplogNotReadError(`The oplog cannot be read: ${refusal.message}`, { cause: refusal });
}
