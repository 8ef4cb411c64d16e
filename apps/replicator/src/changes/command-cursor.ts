import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import type { Db, Document, Long } from 'mongodb';
import { AS_STORED } from '../as-stored.ts';
import { whileAnswering } from './while-answering.ts';

/**
 * A cursor that waits for news, read in batches by commands of our own: one answer holds a thousand documents and the
 * token behind all of them, which the driver's cursors would hand out one by one.
 *
 *  1. It is opened without a batch, which answers at once.
 *  2. To find the next document MongoDB may read millions of others, of other databases for one, without a word until it
 *     is through. Who gave up would begin with all of them again: it is waited for as long as MongoDB gives signs of life.
 *  3. One whose answer was lost may stand behind documents that nobody has seen: it is never asked again.
 *  4. The session belongs to the cursor: MongoDB refuses it to any other.
 */
export type CommandCursor = {
  /** Where it begins, if MongoDB says so. */
  readonly token: Document | undefined;
  read(options: { readonly limit: number; readonly waitMs: number }): Promise<CursorAnswer>;
  /** Frees the cursor. Never rejects. */
  close(): Promise<void>;
};

export type CursorAnswer = {
  /** Documents as they are stored. */
  readonly batch: readonly Uint8Array[];
  /** How large they are together. */
  readonly bytes: number;
  /** Where they end, if MongoDB says so. */
  readonly token: Document | undefined;
};

/** How long the connection to the primary has to bear a silent socket: longer than MongoDB reads an oplog, in ms. */
export const LONGEST_READ_MS = 3_600_000;

/** An answer has 16 MiB at most, and fewer documents than were asked for where they are large. */
export const LARGE_ANSWER = 4 * 1024 * 1024;

const ANSWERS_EVERY_MS = 5000;
const CLOSE_MS = 1000;

type CursorReply = {
  readonly cursor: {
    readonly id: Long;
    readonly nextBatch?: readonly Uint8Array[];
    readonly postBatchResumeToken?: Document;
  };
};

/** Opens a cursor with a command; `toError` makes of what MongoDB says to it what its calls reject with. */
export async function openCommandCursor(
  connection: StoreConnection,
  {
    db,
    collection,
    command,
    toError,
    ending,
    answersEveryMs = ANSWERS_EVERY_MS,
  }: {
    readonly db: Db;
    /** By which MongoDB calls the cursor. */
    readonly collection: string;
    readonly command: Document;
    readonly toError: (cause: unknown, isOpening: boolean) => unknown;
    readonly ending: AbortSignal;
    readonly answersEveryMs?: number | undefined;
  },
): Promise<CommandCursor> {
  const session = connection.client.startSession({ causalConsistency: false });

  async function ask(asked: Document): Promise<CursorReply['cursor']> {
    const reply = await whileAnswering(connection, answersEveryMs, (signal) =>
      db.command(asked, {
        ...{ session, signal: AbortSignal.any([signal, ending]) },
        ...{ ...AS_STORED, fieldsAsRaw: { nextBatch: true } },
      }),
    );
    return (reply as CursorReply).cursor;
  }

  let opened: CursorReply['cursor'];
  try {
    opened = await ask({ ...command, readConcern: { level: 'majority' } });
  } catch (error) {
    await session.endSession().catch(() => undefined);
    throw toError(error, true);
  }
  let { id } = opened;
  let broken: { readonly error: unknown } | null = null;

  return {
    token: opened.postBatchResumeToken,
    async read({ limit, waitMs }) {
      if (broken !== null) throw broken.error;
      try {
        const asked = { getMore: id, collection, batchSize: limit, maxTimeMS: Math.max(1, waitMs) };
        const { id: next, nextBatch: batch = [], postBatchResumeToken: token } = await ask(asked);
        id = next;
        return { batch, bytes: batch.reduce((sum, { byteLength }) => sum + byteLength, 0), token };
      } catch (error) {
        broken = { error: toError(error, false) };
        throw broken.error;
      }
    },
    async close() {
      if (!id.isZero()) {
        const kill = { killCursors: collection, cursors: [id] };
        await within(CLOSE_MS, (signal) => db.command(kill, { session, signal })).catch(() => undefined);
      }
      await session.endSession().catch(() => undefined);
    },
  };
}
