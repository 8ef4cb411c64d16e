/**
 * Bulks on the backup. Each is one transaction that moves the position too, which it can only while it has the fence: a
 * replicator that slept through its lease changes nothing.
 *
 *  1. `openBulkWriter` takes the position over, in a session of its own, which whoever comes later can end.
 *  2. `write` writes documents and takes others away, all or nothing, and adds to the totals what came of it.
 *  3. When it is unknown whether a bulk was committed, the position's number tells: a bulk is never counted twice.
 *  4. After trouble the session is given up for another one, because the old one may still be in use.
 *  5. Documents that should be new are inserted, which costs the backup a third of replacing what is not there. Once one
 *     is there already, this bulk and the next ones replace.
 *  6. A bulk that takes too long although the backup answers is too large for the way there: it comes back, to be split.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import { isConflict, isLocked, toStoreError, toWriteFailures } from '@sluice/store/store-error';
import { type InTransaction, transact } from '@sluice/store/transaction';
import {
  type AnyBulkWriteOperation,
  BSON,
  type ClientSession,
  type Document,
  type Filter,
  MongoBulkWriteError,
  MongoError,
  MongoServerError,
  type Timestamp,
} from 'mongodb';
import { LeaseLostError } from './ports.ts';
import {
  type PositionDocument,
  type PositionMove,
  releasePosition,
  takePosition,
  toPositions,
} from './position.ts';
import type { DocumentWrite } from './read-documents.ts';

/** What a bulk does: any part of it may be missing. */
export type Bulk = {
  readonly writes: readonly DocumentWrite[];
  readonly move?: PositionMove;
  /** As of when the documents were read. */
  readonly readTo?: Timestamp;
  /** What it adds to the totals besides its writes. */
  readonly failed: number;
  readonly createdMs: number;
  /** Whether the backup should not have documents that are new: those that it has count as conflicts. */
  readonly countsConflicts: boolean;
};

/**
 * `refused` = nothing was written, because of the write at `index`, if that is known; `slow` = nothing was written, because
 * the time was over although the backup answers.
 */
export type BulkResult =
  | { readonly kind: 'written'; readonly conflicts: number }
  | { readonly kind: 'slow' }
  | {
      readonly kind: 'refused';
      readonly index: number | null;
      readonly code: string;
      readonly message: string;
    };

/** The only place that writes documents to the backup. */
export type BulkWriter = {
  /**
   * Writes a bulk.
   *
   * @throws LeaseLostError when another replicator has taken over
   * @throws DependencyAwayError when the backup is away
   */
  write(bulk: Bulk): Promise<BulkResult>;
  /** The position after the last bulk. */
  position(): PositionDocument;
  /** Never rejects. */
  close(): Promise<void>;
};

/** How often a bulk is tried whose documents others write at the same time, which nobody should. */
const CONFLICT_ATTEMPTS = 20;
const CONFLICT_PAUSE_MS = 100;
/** Bulks that insert nothing after one whose new documents the backup had: more of them may be there. */
const REPLACING_BULKS = 10;
const NAMESPACE_EXISTS = 48;
const DUPLICATE_KEY = 11_000;
const BULK_MS = 30_000;
const CLOSE_MS = 1000;

/**
 * Takes the backup over for bulks, each of which may take `bulkMs` (30 s).
 *
 * @throws DependencyAwayError
 */
export async function openBulkWriter(backup: StoreConnection, bulkMs = BULK_MS): Promise<BulkWriter> {
  const existing = new Set<string>();
  let session = start();
  let position = await take();
  /** A bulk is under way, or nobody knows what became of it. */
  let isTroubled = false;
  let replacingLeft = 0;

  function start(): ClientSession {
    return backup.client.startSession({ causalConsistency: false });
  }

  async function take(fence?: number): Promise<PositionDocument> {
    const taken = await takePosition(backup, session, fence);
    if (taken === null) throw new LeaseLostError('Another replicator has taken over.');
    return taken;
  }

  async function write(bulk: Bulk): Promise<BulkResult> {
    const isAgain = isTroubled;
    if (isTroubled && (await wasWritten())) return NOTHING_NEW;
    const startedMs = performance.now();
    isTroubled = true;
    try {
      const result = await writeOnce(bulk);
      isTroubled = false;
      return result;
    } catch (error) {
      // The second time the backup had answered just before; one document is not made smaller by trying less.
      const isSlow = isAgain && bulk.writes.length > 1 && performance.now() - startedMs > bulkMs / 2;
      if (!isSlow || !(error instanceof DependencyAwayError)) throw error;
      return (await wasWritten()) ? NOTHING_NEW : { kind: 'slow' };
    }
  }

  /** Begins anew after trouble, and tells whether the bulk whose outcome was unknown has been committed. */
  async function wasWritten(): Promise<boolean> {
    session.endSession().catch(() => undefined);
    session = start();
    const { seq, fence } = position;
    position = await take(fence);
    isTroubled = false;
    return position.seq > seq;
  }

  async function writeOnce(bulk: Bulk): Promise<Judged> {
    for (const { collection, document } of bulk.writes) {
      if (document !== null) await create(collection);
    }
    replacingLeft = Math.max(0, replacingLeft - 1);
    for (let attempt = 0; attempt < CONFLICT_ATTEMPTS; attempt += 1) {
      const inserts = bulk.countsConflicts && replacingLeft === 0;
      const attempted = { outcome: NOTHING_NEW, next: position, isLost: false };
      const { result } = await transact(
        backup,
        bulkMs,
        async (options) => {
          const outcome = await writeAll(bulk, inserts, options);
          attempted.outcome = outcome;
          if (outcome.kind === 'refused') return 'conflict';
          attempted.next = toNext(position, bulk, outcome.conflicts);
          const { fence, seq } = position;
          const { matchedCount } = await toPositions(backup).replaceOne(
            { _id: 'position', fence, seq },
            attempted.next,
            options,
          );
          attempted.isLost = matchedCount === 0;
          return attempted.isLost ? 'conflict' : 'committed';
        },
        session,
      );
      const { outcome, next, isLost } = attempted;
      if (result === 'committed') {
        position = next;
        return outcome;
      }
      if (isLost) throw new LeaseLostError('Another replicator has taken over.');
      if (outcome.kind === 'refused') {
        if (!inserts || outcome.code !== REFUSAL_NAMES[DUPLICATE_KEY]) return outcome;
        replacingLeft = REPLACING_BULKS;
        continue;
      }
      await pause(CONFLICT_PAUSE_MS * Math.random());
    }
    return { kind: 'refused', index: null, code: 'WriteConflict', message: 'Others write to the backup.' };
  }

  /** A collection that a transaction has to make takes longer, and others have to wait for it. */
  async function create(collection: string): Promise<void> {
    if (existing.has(collection)) return;
    try {
      await within(bulkMs, (signal) => backup.db.command({ create: collection }, { signal }));
    } catch (error) {
      if (!(error instanceof MongoServerError) || error.code !== NAMESPACE_EXISTS) throw error;
    }
    existing.add(collection);
  }

  async function writeAll(
    { writes, countsConflicts }: Bulk,
    inserts: boolean,
    options: InTransaction,
  ): Promise<Judged> {
    let conflicts = 0;
    for (const { collection, isNew, indexes } of toParts(writes, countsConflicts)) {
      try {
        const operations = indexes
          .flatMap((index) => writes[index] ?? [])
          .map((write) => toOperation(write, isNew && inserts));
        const { modifiedCount } = await backup.db
          .collection(collection)
          // The documents have their ids; the driver does not see those in a Map.
          .bulkWrite(operations, { ordered: false, forceServerObjectId: true, ...options });
        if (isNew) conflicts += modifiedCount;
      } catch (error) {
        // That is over one day, and says nothing of any document.
        if (isLocked(error)) {
          throw new DependencyAwayError('mongodb', `The backup's ${collection} is locked.`, { cause: error });
        }
        const refusal = toRefusal(error);
        if (refusal === null) throw error;
        const index = refusal.index === null ? null : (indexes[refusal.index] ?? null);
        return { kind: 'refused', ...refusal, index };
      }
    }
    return { kind: 'written', conflicts };
  }

  return {
    write,
    position: () => position,
    async close() {
      if (!isTroubled) await releasePosition(backup, position).catch(() => undefined);
      await within(CLOSE_MS, () => session.endSession()).catch(() => undefined);
    },
  };
}

/** What the backup says of a bulk. */
type Judged = Exclude<BulkResult, { readonly kind: 'slow' }>;

const NOTHING_NEW: Judged = { kind: 'written', conflicts: 0 };

type Refused = Omit<Extract<BulkResult, { readonly kind: 'refused' }>, 'kind'>;

/** Groups the positions of writes by what one command can tell of them. */
function toParts(
  writes: readonly DocumentWrite[],
  splitsNew: boolean,
): readonly { readonly collection: string; readonly isNew: boolean; readonly indexes: readonly number[] }[] {
  const parts = new Map<string, { collection: string; isNew: boolean; indexes: number[] }>();
  for (const [index, { collection, isNew, document, mayDelete }] of writes.entries()) {
    // It is gone, but nobody has deleted it: it was dropped, or its delete is yet to come.
    if (document === null && !mayDelete) continue;
    const isAlone = splitsNew && isNew && document !== null;
    const key = `${isAlone}${collection}`;
    const part = parts.get(key) ?? { collection, isNew: isAlone, indexes: [] };
    part.indexes.push(index);
    parts.set(key, part);
  }
  return [...parts.values()];
}

function toOperation({ id, document }: DocumentWrite, isInsert: boolean): AnyBulkWriteOperation {
  // By $eq a pattern or an operator is what it is, and finds no other document.
  const filter = { _id: { $eq: id } } as Filter<Document>;
  if (document === null) return { deleteOne: { filter } };
  if (isInsert) return { insertOne: { document } };
  return { replaceOne: { filter, replacement: document, upsert: true } };
}

function toNext(position: PositionDocument, bulk: Bulk, conflicts: number): PositionDocument {
  const { totals, seq } = position;
  const { writes, failed, createdMs, move, readTo } = bulk;
  const changes = writes.reduce((sum, write) => sum + write.changes, 0);
  const operations = changes + failed;
  return {
    ...position,
    ...move,
    ...(readTo === undefined ? {} : { readTo }),
    seq: seq + 1,
    totals: {
      succeeded: totals.succeeded + changes,
      failed: totals.failed + failed,
      merged: totals.merged + changes - writes.length,
      conflicts: totals.conflicts + conflicts,
      timeMs: Math.round(totals.timeMs + operations * (performance.now() - createdMs)),
    },
    lastSyncAt: operations > 0 ? new Date() : position.lastSyncAt,
  };
}

/** What the server says of documents that it refuses; others are told by their number. */
const REFUSAL_NAMES: Readonly<Record<number, string>> = {
  121: 'DocumentValidationFailure',
  [DUPLICATE_KEY]: 'DuplicateKey',
  10334: 'BSONObjectTooLarge',
  66: 'ImmutableField',
};

/** Tells what of a bulk was refused; null when the error says nothing about documents. */
function toRefusal(error: unknown): Refused | null {
  if (toStoreError(error) instanceof DependencyAwayError) return null;
  const first = toWriteFailures(error)?.[0];
  if (isConflict(error) && first?.isDuplicate !== true) return null;
  if (!(error instanceof MongoError) && !(error instanceof BSON.BSONError)) return null;
  const number = 'code' in error ? Number(error.code) : Number.NaN;
  const name = error instanceof MongoBulkWriteError ? undefined : error.name;
  return {
    index: first?.index ?? null,
    code: REFUSAL_NAMES[number] ?? name ?? `MongoDB error ${number}`,
    message: toMessage(error.message),
  };
}

/** Behind these words stand values of the document, of any length: no run of blanks is looked at from more than one place. */
const VALUES = / dup key|(?<! ) *: *\{/;

function toMessage(message: string): string {
  const values = message.search(VALUES);
  return values < 0 ? message : message.slice(0, values);
}
