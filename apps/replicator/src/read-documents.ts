/**
 * Reads documents of the primary as they all were at one moment.
 *
 *  1. Whoever asks names a time of the primary's cluster. What is copied as of one time fits together, whatever has changed
 *     since: sums, and the deletion of what was summed, for one.
 *  2. What changes told of documents is taken as it was told, where that is as of the same time.
 *  3. MongoDB keeps for some minutes what its documents were (`minSnapshotHistoryWindowInSeconds`, 300 by default). For a time
 *     before, or one before its collection was changed as a whole, it is a SnapshotGoneError: a later time will do.
 *  4. Capped collections have no past before MongoDB 8 and are read as a majority holds them now, which is never before the
 *     time that was asked for. No transaction writes to them.
 */
import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import { type AbstractCursor, type Document, MongoServerError, type Timestamp } from 'mongodb';
import { toDocumentKey } from './bson-values.ts';
import { cutByIds } from './cut-by-ids.ts';
import { decodeDocument } from './decode-document.ts';
import { measureId } from './full-sync/document-id.ts';
import type { PendingByCollection, PendingDocument } from './pending-changes.ts';
import { unlessLost } from './unless-lost.ts';

/** What is to be done on the backup for one document: put it there, or, where `document` is null, take it away if it may be deleted. */
export type DocumentWrite = Omit<PendingDocument, 'told'> & {
  readonly collection: string;
  readonly document: Document | Map<string, unknown> | null;
};

/** Documents that are handed on at once, and how large those are together, as they are stored. */
export type ReadPortion = { readonly writes: readonly DocumentWrite[]; readonly bytes: number };

/** MongoDB does not know any more how things were at a time. */
export class SnapshotGoneError extends Error {
  override readonly name = 'SnapshotGoneError';
}

/** Reads documents of one primary. */
export type DocumentReader = {
  /**
   * Reads documents as they were at a time, in portions of at most `portionBytes`, or of one document that is larger.
   * Those that were not there come last in their collection, with `document` null.
   *
   * @throws SnapshotGoneError
   * @throws DependencyAwayError
   * @throws LeaseLostError as soon as the signal is aborted
   */
  read(
    pending: PendingByCollection,
    options: {
      readonly at: Timestamp;
      /** Whether all changes up to that time are told, and no later ones: only what they do not tell is read. */
      readonly asTold: boolean;
      readonly portionBytes: number;
      readonly signal: AbortSignal;
    },
  ): AsyncGenerator<ReadPortion>;
  /** Never rejects. */
  close(): Promise<void>;
};

const READ_MS = 30_000;

/** SnapshotTooOld, SnapshotUnavailable. */
const GONE_CODES: ReadonlySet<unknown> = new Set([239, 246]);

/** Creates a reader. */
export function createDocumentReader({ client, db }: Pick<StoreConnection, 'client' | 'db'>): DocumentReader {
  // A majority read alone may be answered by a new primary that does not know yet what a majority has.
  const session = client.startSession({ causalConsistency: true });
  const withoutPast = new Set<string>();

  async function* read(
    pending: PendingByCollection,
    { at, asTold, portionBytes, signal }: Parameters<DocumentReader['read']>[1],
  ): AsyncGenerator<ReadPortion> {
    let writes: DocumentWrite[] = [];
    let bytes = 0;
    for (const [collection, documents] of pending) {
      const waiting = new Map(documents.map(({ told: _, ...document }) => [document.key, document]));
      for await (const found of takeOrFind(collection, documents)) {
        for (const raw of found) {
          const { id, document } = decodeDocument(raw);
          const key = toDocumentKey(id);
          const asked = waiting.get(key);
          if (asked === undefined) continue;
          waiting.delete(key);
          if (writes.length > 0 && bytes + raw.byteLength > portionBytes) {
            yield { writes, bytes };
            writes = [];
            bytes = 0;
          }
          writes.push({ ...asked, id, collection, document });
          bytes += raw.byteLength;
        }
      }
      for (const gone of waiting.values()) writes.push({ ...gone, collection, document: null });
    }
    yield { writes, bytes };

    async function* takeOrFind(collection: string, documents: readonly PendingDocument[]) {
      // Where the past cannot be read, others may have copied what came later.
      if (!asTold || withoutPast.has(collection)) return yield* find(collection, documents, at, signal);
      yield documents.flatMap(({ told }) => told ?? []);
      const others = documents.filter(({ told }) => told === undefined);
      if (others.length > 0) yield* find(collection, others, at, signal);
    }
  }

  async function* find(
    collection: string,
    documents: readonly PendingDocument[],
    at: Timestamp,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Uint8Array[]> {
    for (const part of cutByIds(documents, ({ id }) => measureId(id))) {
      yield* findAtOnce(collection, part, at, signal);
    }
  }

  async function* findAtOnce(
    collection: string,
    documents: readonly PendingDocument[],
    at: Timestamp,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Uint8Array[]> {
    const filter = { _id: { $in: documents.map(({ id }) => id) } } as Document;
    const common = { maxTimeMS: READ_MS, batchSize: documents.length + 1 };
    // The sizes are needed, and decoding here costs no more than decoding in the driver.
    const options = { raw: true, readPreference: 'primary' } as const;
    if (!withoutPast.has(collection)) {
      const readConcern = { level: 'snapshot', atClusterTime: at };
      const command = { find: collection, filter, readConcern, ...common };
      try {
        return yield* drain(db.runCursorCommand(command, options), signal);
      } catch (error) {
        if (!(error instanceof MongoServerError) || !GONE_CODES.has(error.code)) throw error;
        if (!(await isCapped(collection))) {
          throw new SnapshotGoneError(`MongoDB no longer knows how ${collection} was.`, { cause: error });
        }
        withoutPast.add(collection);
      }
    }
    session.advanceOperationTime(at);
    const newest = { ...options, ...common, readConcern: { level: 'majority' }, session } as const;
    yield* drain(db.collection(collection).find<Uint8Array>(filter, newest), signal);
  }

  async function isCapped(collection: string): Promise<boolean> {
    const [found] = await within(READ_MS, () => db.listCollections({ name: collection }).toArray());
    return found !== undefined && 'options' in found && found.options?.['capped'] === true;
  }

  return { read, close: () => session.endSession().catch(() => undefined) };
}

async function* drain(
  cursor: AbstractCursor<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<readonly Uint8Array[]> {
  try {
    while (await within(READ_MS, () => unlessLost(cursor.hasNext(), signal))) {
      yield cursor.readBufferedDocuments();
    }
  } finally {
    await cursor.close();
  }
}
