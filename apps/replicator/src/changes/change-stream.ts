/**
 * The changes of the primary's database as MongoDB's change stream tells them.
 *
 *  1. `openChangeStream` opens a cursor at a position; it waits for nothing.
 *  2. `next` asks for what came since, waits for news as long as it is told, and returns the token to go on from, also
 *     when nothing came.
 *  3. A position that MongoDB no longer has, or never had, is a PositionLostError.
 */
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { StoreConnection } from '@sluice/store/connection';
import { toStoreError } from '@sluice/store/store-error';
import { BSON, type Document, MongoServerError, Timestamp } from 'mongodb';
import { AS_STORED } from '../as-stored.ts';
import type { StreamStart } from '../position.ts';
import { type Change, type ChangesWanted, PositionLostError } from './change.ts';
import { openCommandCursor } from './command-cursor.ts';
import { readKey } from './document-key.ts';

/** What came, and where to go on. */
export type StreamBatch = {
  readonly changes: readonly Change[];
  /** How large the answer was. */
  readonly bytes: number;
  readonly to: StreamStart;
};

/** An open stream, which ends an answer in the midst of a transaction as well. */
export type ChangeStream = {
  /** @throws DependencyAwayError, PositionLostError */
  next(options: { readonly limit: number; readonly waitMs: number }): Promise<StreamBatch>;
  /** Never rejects. */
  close(): Promise<void>;
};

/**
 * CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost, and BSONObjectTooLarge: a change
 * that MongoDB cannot tell of, because its `_id` stands in it three times, which nothing gets past.
 */
const LOST_CODES: ReadonlySet<unknown> = new Set([136, 260, 280, 286, 10_334]);

/** Larger documents are read when they are copied: in an answer they would be in memory before anybody could count them. */
const TOLD_BYTES = 64 * 1024;

/** Opens the stream of a database. Its calls end when MongoDB gives no sign of life. */
export async function openChangeStream(
  connection: StoreConnection,
  { start, excluded, ending, answersEveryMs }: ChangesWanted,
): Promise<ChangeStream> {
  const isResuming = 'after' in start;
  const cursor = await openCommandCursor(connection, {
    ...{ db: connection.db, collection: '$cmd.aggregate', command: toOpenCommand(start, excluded) },
    toError: (cause, isOpening) => toStreamError(cause, isOpening && isResuming),
    ...{ ending, answersEveryMs },
  });
  /** Where a stream opens it has seen nothing of the time that it names. */
  const opening: unknown = cursor.token?.['_data'];
  let to = start;

  return {
    async next(options) {
      const { batch, bytes, token } = await cursor.read(options);
      const changes = batch.map(decodeChange);
      const isMoved = token !== undefined && token['_data'] !== opening;
      to = isMoved ? toStart(token) : (changes.at(-1)?.behind ?? to);
      return { changes, bytes, to };
    },
    close: cursor.close,
  };
}

function toOpenCommand(start: StreamStart, excluded: readonly string[]): Document {
  return {
    aggregate: 1,
    pipeline: [
      {
        // `startAfter` also goes on behind the end of a stream, which `resumeAfter` refuses.
        $changeStream:
          'after' in start ? { startAfter: toToken(start) } : { startAtOperationTime: toNext(start.at) },
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
    cursor: { batchSize: 0 },
  };
}

/** The first time behind one. */
function toNext({ t, i }: Timestamp): Timestamp {
  return new Timestamp({ t, i: i + 1 });
}

function toStart({ _data: after, _typeBits: typeBits }: Document): StreamStart {
  return typeBits === undefined ? { after } : { after, typeBits };
}

function toToken({ after, typeBits }: Extract<StreamStart, { after: string }>): Document {
  return typeBits === undefined ? { _data: after } : { _data: after, _typeBits: typeBits };
}

/** A change as MongoDB tells it. */
type Told = {
  readonly _id: Uint8Array;
  readonly operationType: string;
  readonly ns?: Uint8Array;
  readonly documentKey?: Uint8Array;
  readonly fullDocument?: Uint8Array;
  readonly clusterTime: Timestamp;
  readonly wallTime?: Date;
};

/** Decodes a change, but for the document in it: that is decoded when it is copied, so that it keeps its bytes. */
function decodeChange(raw: Uint8Array): Change {
  const told = BSON.deserialize(raw, { ...AS_STORED, raw: true }) as Told;
  const { _id, operationType: kind, ns, documentKey, fullDocument, clusterTime: at, wallTime } = told;
  return {
    ...{ kind, at, behind: toStart(BSON.deserialize(_id, AS_STORED)) },
    ...(ns === undefined ? {} : { collection: BSON.deserialize(ns)['coll'] }),
    ...(wallTime === undefined ? {} : { wallAt: wallTime }),
    ...(fullDocument === undefined ? {} : { told: fullDocument }),
    ...(documentKey === undefined ? {} : toIdAndFate(documentKey, kind)),
  };
}

/** Which document it is, and of a delete that it is gone, where what was read of its id names no other one. */
function toIdAndFate(documentKey: Uint8Array, kind: string): Pick<Change, 'id' | 'told'> {
  const key = readKey(documentKey);
  return { id: key.id, ...(kind === 'delete' && key.isExact() ? { told: null } : {}) };
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
