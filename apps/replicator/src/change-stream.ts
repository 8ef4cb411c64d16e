/**
 * The changes of the primary's database, read in batches by commands of our own: one answer holds a thousand changes
 * and the token behind all of them, which the driver's stream would hand out one by one.
 *
 *  1. `openChangeStream` opens a cursor at a position; it waits for nothing.
 *  2. `next` asks for what came since, waits for news as long as it is told, and returns the token to go on from, also
 *     when nothing came: a position that stands still would be lost one day.
 *  3. To find the next change MongoDB may read millions of others, of other databases for one, without a word until it is
 *     through. Who gave up would begin with all of them again: it is waited for as long as MongoDB gives signs of life.
 *  4. A position that MongoDB no longer has, or never had, is a PositionLostError.
 *  5. `close` frees the cursor. The session belongs to the cursor: MongoDB refuses it to any other.
 */
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import { toStoreError } from '@sluice/store/store-error';
import { BSON, type Document, type Long, MongoServerError, Timestamp } from 'mongodb';
import { AS_STORED } from './as-stored.ts';
import { decodeDocument } from './decode-document.ts';
import type { StreamStart } from './position.ts';
import { whileAnswering } from './while-answering.ts';

/** A change of a document, or of a collection as a whole (no `documentKey`). */
export type StreamedChange = {
  readonly _id: { readonly _data: string };
  readonly operationType: string;
  readonly ns?: { readonly coll?: string };
  readonly documentKey?: { readonly _id: unknown };
  readonly clusterTime: Timestamp;
  readonly wallTime?: Date;
  /**
   * What the document is since, as it is stored: of an insert or a replacement that is not large, and null of a delete. Not
   * there where it has to be looked for.
   */
  readonly fullDocument?: Uint8Array | null;
};

/** What came, and where to go on. */
export type StreamBatch = {
  readonly changes: readonly StreamedChange[];
  /** How large the answer was. */
  readonly bytes: number;
  readonly token: string;
};

/** An open stream. Its calls reject with DependencyAwayError or PositionLostError. */
export type ChangeStream = {
  next(options: { readonly limit: number; readonly waitMs: number }): Promise<StreamBatch>;
  /** Never rejects. */
  close(): Promise<void>;
};

/** The primary's oplog does not hold the position. */
export class PositionLostError extends Error {
  override readonly name = 'PositionLostError';
}

/**
 * CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost, and BSONObjectTooLarge: a change
 * that MongoDB cannot tell of, because its `_id` stands in it three times, which nothing gets past.
 */
const LOST_CODES: ReadonlySet<unknown> = new Set([136, 260, 280, 286, 10_334]);
const ANSWERS_EVERY_MS = 5000;

/** How long the connection to the primary has to bear a silent socket: longer than MongoDB reads an oplog, in ms. */
export const LONGEST_READ_MS = 3_600_000;
const CLOSE_MS = 1000;

/** Larger documents are read when they are copied: in an answer they would be in memory before anybody could count them. */
const TOLD_BYTES = 64 * 1024;

type CursorReply = {
  readonly cursor: {
    readonly id: Long;
    readonly nextBatch?: readonly Uint8Array[];
    readonly postBatchResumeToken?: { readonly _data: string };
  };
};

/**
 * Opens the stream of a database, without the collections in `excluded`. Calls end when `ending` is aborted, and when
 * MongoDB, asked every `answersEveryMs` (5 s by default), gives no sign of life.
 */
export async function openChangeStream(
  connection: StoreConnection,
  {
    start,
    excluded,
    ending,
    answersEveryMs = ANSWERS_EVERY_MS,
  }: {
    readonly start: StreamStart;
    readonly excluded: readonly string[];
    readonly ending: AbortSignal;
    readonly answersEveryMs?: number;
  },
): Promise<ChangeStream> {
  const { client, db } = connection;
  const session = client.startSession({ causalConsistency: false });
  const isResuming = 'after' in start;

  async function ask(command: Document): Promise<CursorReply['cursor']> {
    const reply = await whileAnswering(connection, answersEveryMs, (signal) =>
      db.command(command, {
        ...{ session, signal: AbortSignal.any([signal, ending]) },
        ...{ ...AS_STORED, fieldsAsRaw: { nextBatch: true } },
      }),
    );
    return (reply as CursorReply).cursor;
  }

  let cursor: CursorReply['cursor'];
  try {
    cursor = await ask(toOpenCommand(start, excluded));
  } catch (error) {
    await session.endSession().catch(() => undefined);
    throw toStreamError(error, isResuming);
  }
  let { id } = cursor;
  let token = cursor.postBatchResumeToken?._data ?? (isResuming ? start.after : '');
  /** A cursor whose answer was lost may stand behind changes that nobody has seen: it is never asked again. */
  let broken: { readonly error: unknown } | null = null;

  return {
    async next({ limit, waitMs }) {
      if (broken !== null) throw broken.error;
      try {
        const maxTimeMS = Math.max(1, waitMs);
        const reply = await ask({ getMore: id, collection: '$cmd.aggregate', batchSize: limit, maxTimeMS });
        id = reply.id;
        const answer = reply.nextBatch ?? [];
        const changes = answer.map(decodeChange);
        token = reply.postBatchResumeToken?._data ?? changes.at(-1)?._id._data ?? token;
        return { changes, bytes: answer.reduce((sum, { byteLength }) => sum + byteLength, 0), token };
      } catch (error) {
        broken = { error: toStreamError(error, false) };
        throw broken.error;
      }
    },
    async close() {
      if (!id.isZero()) {
        const kill = { killCursors: '$cmd.aggregate', cursors: [id] };
        await within(CLOSE_MS, (signal) => db.command(kill, { session, signal })).catch(() => undefined);
      }
      await session.endSession().catch(() => undefined);
    },
  };
}

function toOpenCommand(start: StreamStart, excluded: readonly string[]): Document {
  return {
    aggregate: 1,
    pipeline: [
      {
        // `startAfter` also goes on behind the end of a stream, which `resumeAfter` refuses.
        $changeStream:
          'after' in start ? { startAfter: { _data: start.after } } : { startAtOperationTime: start.at },
      },
      {
        $project: {
          ...{ operationType: 1, ns: 1, documentKey: 1, clusterTime: 1, wallTime: 1 },
          // To have it told here costs the primary a fraction of what reading it later does.
          fullDocument: {
            $cond: [{ $lte: [{ $bsonSize: '$fullDocument' }, TOLD_BYTES] }, '$fullDocument', '$$REMOVE'],
          },
          collection: { $concat: ['$ns.coll', ''] },
        },
      },
      // By a field that is made here: MongoDB tests one of the change on each entry of the oplog, which costs it more.
      { $match: { $or: [{ collection: { $nin: [...excluded] } }, { operationType: 'rename' }] } },
    ],
    // An empty first batch answers at once.
    cursor: { batchSize: 0 },
    readConcern: { level: 'majority' },
  };
}

/** Decodes a change, but for the document in it: that is decoded when it is copied, so that it keeps its bytes. */
function decodeChange(raw: Uint8Array): StreamedChange {
  const { _id, ns, documentKey, ...rest } = BSON.deserialize(raw, { ...AS_STORED, raw: true });
  const decoded = {
    ...rest,
    _id: BSON.deserialize(_id),
    ...(ns === undefined ? {} : { ns: BSON.deserialize(ns) }),
    ...(documentKey === undefined ? {} : toKeyAndFate(documentKey, rest['operationType'])),
  };
  return decoded as unknown as StreamedChange;
}

/** Which document it is, and of a delete that it is gone, where what was read of its id names no other one. */
function toKeyAndFate(given: Uint8Array, operationType: unknown): Partial<StreamedChange> {
  // A copy: an id that is bytes would keep the whole answer in memory.
  const raw = new Uint8Array(given);
  const { id, document } = decodeDocument(raw);
  const isGone = operationType === 'delete' && Buffer.compare(BSON.serialize(document), raw) === 0;
  return { documentKey: { _id: id }, ...(isGone ? { fullDocument: null } : {}) };
}

/**
 * Translates what a stream was answered. A token with which it does not open is unreadable or older than the oplog,
 * unless the server says that the same may go well the next time.
 */
export function toStreamError(cause: unknown, isResuming: boolean): unknown {
  const error = toStoreError(cause);
  if (error instanceof DependencyAwayError || !(cause instanceof MongoServerError)) return error;
  if (cause.hasErrorLabel('ResumableChangeStreamError')) {
    return new DependencyAwayError('mongodb', `The stream has to be opened again: ${cause.message}`, {
      cause,
    });
  }
  const isLost = isResuming || LOST_CODES.has(Number(cause.code));
  return isLost ? new PositionLostError('The position is not in the oplog.', { cause }) : error;
}

/** Reads the time of the primary's cluster after which nothing has happened yet. @throws DependencyAwayError */
export async function readClusterTime({ db, operationTimeoutMs }: StoreConnection): Promise<Timestamp> {
  const { operationTime } = await within(operationTimeoutMs, (signal) => db.command({ ping: 1 }, { signal }));
  if (!(operationTime instanceof Timestamp)) {
    throw new DependencyAwayError('mongodb', 'MongoDB tells no time: it is not a replica set.');
  }
  return operationTime;
}

/**
 * Reads the time up to which a token has seen everything. Tokens begin with it (type 0x82 of MongoDB's key strings, then
 * seconds and count in big-endian order): src/mongo/db/pipeline/resume_token.h. Null when this one does not.
 */
export function toTokenTime(token: string): Timestamp | null {
  const [, seconds, count] = /^82([0-9a-f]{8})([0-9a-f]{8})/i.exec(token) ?? [];
  if (seconds === undefined || count === undefined) return null;
  return new Timestamp({ t: Number.parseInt(seconds, 16), i: Number.parseInt(count, 16) });
}

/** Returns the time up to which a stream that is opened there has seen everything; null when its token does not tell. */
export function toStartTime(start: StreamStart): Timestamp | null {
  return 'at' in start ? start.at : toTokenTime(start.after);
}
