/**
 * Watching what changes in a collection: new normalized events, or what becomes of raw events.
 *
 *  1. The stream opens after `resumeAfter`, or now; `opened` tells when. Tokens are hexadecimal and in the order of
 *     the changes, so that they can be compared as strings.
 *  2. Each change is handed to `onRecord`, one at a time, with the token that resumes after it.
 *  3. After network trouble or an election it opens again where it was, for as long as it takes.
 *  4. A position that MongoDB no longer has ends the watch with ResumeLostError: what came since is unknown.
 *  5. `close` ends it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { NormalizedItem } from '@sluice/contracts/api';
import type { RawEventDocument } from '@sluice/contracts/event';
import type { StatusItem } from '@sluice/contracts/live';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import {
  type ChangeStream,
  type Collection,
  type Document,
  MongoServerError,
  type ResumeToken,
  Timestamp,
} from 'mongodb';
import { type Documents, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { toNormalizedItem } from './normalized-events.ts';
import { toStoreError } from './store-error.ts';

/** What changed, and the token to resume after it. */
export type Change<Item = NormalizedItem> = {
  readonly token: string;
  readonly tenant: string;
  /** When MongoDB wrote it. */
  readonly at: Date;
  readonly item: Item;
};

/** Ends a watch whose position MongoDB no longer has, or never had. */
export class ResumeLostError extends Error {
  override readonly name = 'ResumeLostError';
}

/** What to watch and whom to tell. */
export type WatchOptions<Item = NormalizedItem> = {
  /** The token of the last change that was seen; without it the watch begins now. */
  readonly resumeAfter?: string;
  /** Told of every change, in order; the next one waits for the promise. When it throws, it is told again. */
  readonly onRecord: (change: Change<Item>) => void | Promise<void>;
  /** Told of every token that was reached without a change: when the stream opens, and while nothing changes. */
  readonly onPosition?: (token: string) => void;
  /** Told of trouble: ResumeLostError ends the watch, after anything else it goes on by itself. */
  readonly onError: (error: unknown) => void;
};

/** A watch that is under way. */
export type Watch = {
  /** Resolves once the stream is open for the first time: no later change is missed. Never rejects. */
  readonly opened: Promise<void>;
  close(): Promise<void>;
};

type Watched = 'normalized_events' | 'raw_events';

/** Which changes of a collection are watched, and what is told of them. */
type Subject<Name extends Watched, Item> = {
  readonly collection: Name;
  readonly pipeline: readonly Document[];
  readonly fullDocument?: 'updateLookup';
  readonly toItem: (document: Documents[Name]) => Item;
};

/** A change as the streams of this file carry it; an update of a document that is gone has none. */
type StreamedChange<Document> = {
  readonly _id: ResumeToken;
  readonly clusterTime: Timestamp;
  /** Since MongoDB 6.0. */
  readonly wallTime?: Date;
  readonly fullDocument?: Document | null;
};

/** How long the server waits for news before it answers with nothing. */
const MAX_AWAIT_MS = 1_000;
/** CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost. */
const LOST_CODES: ReadonlySet<number> = new Set([136, 260, 280, 286]);
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

/** Watches the inserts of `normalized_events`. */
export function watchNormalized(connection: StoreConnection, options: WatchOptions<NormalizedItem>): Watch {
  const pipeline = [{ $match: { operationType: 'insert' } }];
  return watch(connection, { collection: 'normalized_events', pipeline, toItem: toNormalizedItem }, options);
}

/**
 * Watches what becomes of events: inserts into `raw_events`, and updates of their status. An update is told with the
 * status that the event has by then, so the last one told of an event is its status.
 */
export function watchStatuses(connection: StoreConnection, options: WatchOptions<StatusItem>): Watch {
  const isStatus = STATUS_FIELDS.map((field) => ({
    [`updateDescription.updatedFields.${field}`]: { $exists: true },
  }));
  const told = [...TOLD_FIELDS].map((field) => [`fullDocument.${field}`, true]);
  const pipeline = [
    { $match: { $or: [{ operationType: 'insert' }, { operationType: 'update', $or: isStatus }] } },
    // Bodies and headers stay on the server.
    { $project: { clusterTime: true, wallTime: true, ...Object.fromEntries(told) } },
  ];
  const subject = { collection: 'raw_events', pipeline, toItem: toStatusItem } as const;
  return watch(connection, { ...subject, fullDocument: 'updateLookup' }, options);
}

/** A change of one of these is a change of status; an update that sets what is there already names none. */
const STATUS_FIELDS = ['status', 'run', 'attempts'] as const satisfies readonly (keyof RawEventDocument)[];

const TOLD_FIELDS = [
  '_id',
  'tenant',
  'source',
  'via',
  'status',
  'attempts',
  'code',
  'message',
  'duplicateOf',
  'duplicateLevel',
  'receivedAt',
  'updatedAt',
] as const satisfies readonly (keyof RawEventDocument)[];

function toStatusItem(document: Pick<RawEventDocument, (typeof TOLD_FIELDS)[number]>): StatusItem {
  return {
    id: document._id,
    source: document.source,
    client_id: document.source,
    via: document.via,
    status: document.status,
    attempts: document.attempts,
    code: document.code ?? null,
    message: document.message ?? null,
    duplicateOf: document.duplicateOf ?? null,
    duplicateLevel: document.duplicateLevel ?? null,
    receivedAt: document.receivedAt.toISOString(),
    updatedAt: document.updatedAt.toISOString(),
  };
}

function watch<Name extends Watched, Item>(
  connection: StoreConnection,
  subject: Subject<Name, Item>,
  options: WatchOptions<Item>,
): Watch {
  const { onRecord, onPosition, onError } = options;
  const { pipeline, fullDocument, toItem } = subject;
  const collection: Collection<Documents[Name]> = toCollection(connection, subject.collection);
  const closing = new AbortController();
  const opened = Promise.withResolvers<void>();
  let token = options.resumeAfter;
  let startAt: Timestamp | undefined;
  let wasPositionTold = false;
  let stream: ChangeStream<Documents[Name], StreamedChange<Documents[Name]>> | undefined;
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
    stream = collection.watch<Documents[Name], StreamedChange<Documents[Name]>>([...pipeline], {
      ...(fullDocument === undefined ? {} : { fullDocument }),
      maxAwaitTimeMS: MAX_AWAIT_MS,
      ...(token !== undefined
        ? { resumeAfter: { _data: token } }
        : startAt && { startAtOperationTime: startAt }),
    });
    let isOpen = false;
    // Said as soon as the server has opened the cursor, while its first answer may wait for news. Once only: of a stream that
    // is opened again at the same time it may be the token of a record that was written meanwhile and is told only next.
    stream.once('resumeTokenChanged', (position) => {
      if (token === undefined && !wasPositionTold) onPosition?.(toToken(position));
      wasPositionTold = true;
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
          await tell(change);
          token = toToken(change._id);
        } else {
          if (stream.closed) throw new ResumeLostError('The collection was dropped or renamed.');
          // Follows the oplog also while nothing changes, so that an idle position does not get lost.
          reach(stream.resumeToken);
        }
      }
    } finally {
      await stream.close();
    }
  }

  async function tell({ _id, clusterTime, wallTime, fullDocument }: StreamedChange<Documents[Name]>) {
    if (fullDocument === undefined || fullDocument === null) return;
    await onRecord({
      token: toToken(_id),
      tenant: fullDocument.tenant,
      at: wallTime ?? new Date(clusterTime.t * 1000),
      item: toItem(fullDocument),
    });
  }

  function reach(resumeToken: ResumeToken | null | undefined): void {
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
async function readNow({ db, operationTimeoutMs }: StoreConnection): Promise<Timestamp | undefined> {
  const { operationTime } = await within(operationTimeoutMs, (signal) => db.command({ ping: 1 }, { signal }));
  return operationTime instanceof Timestamp
    ? new Timestamp({ t: operationTime.t, i: operationTime.i + 1 })
    : undefined;
}

function toToken(resumeToken: ResumeToken): string {
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
  const isLost = cause instanceof MongoServerError && LOST_CODES.has(Number(cause.code));
  return isResuming || isLost ? new ResumeLostError('The stream cannot be resumed.', { cause }) : error;
}
