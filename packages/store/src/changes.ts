/**
 * Watching new normalized events.
 *
 *  1. The stream opens after `resumeAfter`, or now; `opened` tells when. Tokens are hexadecimal and in the order of
 *     the changes, so that they can be compared as strings.
 *  2. Each insert is handed to `onRecord`, one at a time, with the token that resumes after it.
 *  3. After network trouble or an election it opens again where it was, for as long as it takes.
 *  4. A position that MongoDB no longer has ends the watch with ResumeLostError: what came since is unknown.
 *  5. `close` ends it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { NormalizedItem } from '@sluice/contracts/api';
import type { NormalizedEventDocument } from '@sluice/contracts/event';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { mongo } from 'mongoose';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { toNormalizedItem } from './normalized-events.ts';
import { toStoreError } from './store-error.ts';

/** A new normalized event, and the token to resume after it. */
export type Change = { readonly token: string; readonly item: NormalizedItem };

/** Ends a watch whose position MongoDB no longer has, or never had. */
export class ResumeLostError extends Error {
  override readonly name = 'ResumeLostError';
}

/** What to watch and whom to tell. */
export type WatchOptions = {
  /** The token of the last change that was seen; without it the watch begins now. */
  readonly resumeAfter?: string;
  /** Told of every change, in order; the next one waits for the promise. When it throws, it is told again. */
  readonly onRecord: (change: Change) => void | Promise<void>;
  /** Told of every token that was reached without a change: when the stream opens, and while nothing is inserted. */
  readonly onPosition?: (token: string) => void;
  /** Told of trouble: ResumeLostError ends the watch, after anything else it goes on by itself. */
  readonly onError: (error: unknown) => void;
};

/** A watch that is under way. */
export type Watch = {
  /** Resolves once the stream is open for the first time: no later insert is missed. Never rejects. */
  readonly opened: Promise<void>;
  close(): Promise<void>;
};

type Stream = mongo.ChangeStream<
  NormalizedEventDocument,
  mongo.ChangeStreamInsertDocument<NormalizedEventDocument>
>;

/** How long the server waits for news before it answers with nothing. */
const MAX_AWAIT_MS = 1_000;
/** CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost. */
const LOST_CODES: ReadonlySet<number> = new Set([136, 260, 280, 286]);
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

/** Watches the inserts of `normalized_events`. */
export function watchNormalized(connection: StoreConnection, options: WatchOptions): Watch {
  const { onRecord, onPosition, onError } = options;
  const collection = toCollection(connection, 'normalized_events');
  const closing = new AbortController();
  const opened = Promise.withResolvers<void>();
  let token = options.resumeAfter;
  let startAt: mongo.Timestamp | undefined;
  let stream: Stream | undefined;
  const running = run();

  async function run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!closing.signal.aborted) {
      try {
        await follow(() => {
          pauseMs = FIRST_PAUSE_MS;
        });
      } catch (cause) {
        if (closing.signal.aborted) break;
        onError(cause);
        if (cause instanceof ResumeLostError) break;
        await pause(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
      }
    }
    opened.resolve();
  }

  async function follow(onOpen: () => void): Promise<void> {
    // Until there is a token, trouble must not begin anew at a later time than the first attempt did.
    if (token === undefined) startAt ??= await readNow(connection);
    stream = collection.watch<
      NormalizedEventDocument,
      mongo.ChangeStreamInsertDocument<NormalizedEventDocument>
    >([{ $match: { operationType: 'insert' } }], {
      maxAwaitTimeMS: MAX_AWAIT_MS,
      ...(token !== undefined
        ? { resumeAfter: { _data: token } }
        : startAt && { startAtOperationTime: startAt }),
    });
    let isOpen = false;
    // Said as soon as the server has opened the cursor, while its first answer may wait for news.
    stream.once('resumeTokenChanged', (position) => {
      if (token === undefined) onPosition?.(toToken(position));
      markOpen();
    });
    function markOpen(): void {
      isOpen = true;
      onOpen();
      opened.resolve();
    }
    try {
      while (!closing.signal.aborted) {
        const change = await stream.tryNext().catch((cause: unknown) => {
          throw toWatchError(cause, !isOpen && token !== undefined);
        });
        markOpen();
        if (change !== null) {
          const resumeAfter = toToken(change._id);
          await onRecord({ token: resumeAfter, item: toNormalizedItem(change.fullDocument) });
          token = resumeAfter;
        } else {
          if (stream.closed) throw new ResumeLostError('The collection was dropped or renamed.');
          // Follows the oplog also while nothing is inserted, so that an idle position does not get lost.
          reach(stream.resumeToken);
        }
      }
    } finally {
      await stream.close();
    }
  }

  function reach(resumeToken: mongo.ResumeToken | null | undefined): void {
    if (resumeToken === null || resumeToken === undefined) return;
    token = toToken(resumeToken);
    onPosition?.(token);
  }

  async function close(): Promise<void> {
    closing.abort();
    await stream?.close();
    await running;
  }

  return { opened: opened.promise, close };
}

/** Reads the time after which nothing has happened in the database yet; undefined when the server keeps none. */
async function readNow({ db, operationTimeoutMs }: StoreConnection): Promise<mongo.Timestamp | undefined> {
  const { operationTime } = await within(operationTimeoutMs, (signal) => db.command({ ping: 1 }, { signal }));
  return operationTime instanceof mongo.Timestamp
    ? new mongo.Timestamp({ t: operationTime.t, i: operationTime.i + 1 })
    : undefined;
}

function toToken(resumeToken: mongo.ResumeToken): string {
  const { _data } = resumeToken as { readonly _data: string };
  return _data;
}

/**
 * A token with which the stream does not open is unreadable or older than the oplog; while it is open, only the
 * server's own word counts, and opening again shows whether anything else was more than a passing trouble.
 */
function toWatchError(cause: unknown, isResuming: boolean): unknown {
  const error = toStoreError(cause);
  if (error instanceof DependencyAwayError) return error;
  const isLost = cause instanceof mongo.MongoServerError && LOST_CODES.has(Number(cause.code));
  return isResuming || isLost ? new ResumeLostError('The stream cannot be resumed.', { cause }) : error;
}
