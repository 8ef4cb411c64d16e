import { createHash, hash } from 'node:crypto';
import { within } from '@sluice/store/deadline';
import type { Abortable, Db, Document, FindCursor, FindOptions } from 'mongodb';
import { cutByIds } from '../cut-by-ids.ts';
import { cutId, type PackedId, packId, toIdKey, toIdValue, unpackId } from './document-id.ts';

/** A document of a range: its id and the hash of its bytes. */
export type Entry = { readonly id: PackedId; readonly hash: string };

/** The documents of a collection between two ids, in the order of `_id`, by the keys of their ids. */
export type Range = {
  readonly entries: ReadonlyMap<string, Entry>;
  /** The hash of the hashes, in order: equal ranges have equal ones. */
  readonly hash: string;
  /** The id at which the next range begins; null when there is none. */
  readonly next: Uint8Array | null;
};

/** Where a range begins (inclusive) and ends (exclusive), and how many documents it may have. */
export type Bounds = {
  readonly from: Uint8Array | null;
  readonly to: Uint8Array | null;
  readonly limit: number;
};

/** How long reading a range may take, in ms. */
const TIMEOUT_MS = 15_000;

/**
 * Reads a range of a collection, of ids of all types: bounds of an index do not stop where the type changes, as a
 * comparison would. Only one batch of documents is in memory at a time. Only primaries are asked: a secondary that lags
 * behind may hold the same old state as the backup, and nobody would see what differs.
 *
 * @throws DependencyAwayError
 */
export function readRange(db: Db, collection: string, { from, to, limit }: Bounds): Promise<Range> {
  return within(TIMEOUT_MS, async (signal) => {
    const cursor = db.collection(collection).find(
      {},
      {
        ...{ hint: { _id: 1 }, sort: { _id: 1 }, limit: limit + 1, batchSize: limit + 1, signal },
        ...(from === null ? {} : { min: { _id: toIdValue(from) } }),
        ...(to === null ? {} : { max: { _id: toIdValue(to) } }),
        ...{ raw: true, readPreference: 'primary', maxTimeMS: TIMEOUT_MS },
      },
    );
    const entries = new Map<string, Entry>();
    const all = createHash('sha256');
    let next: Uint8Array | null = null;
    let count = 0;
    for await (const documents of eachBatch(cursor)) {
      for (const document of documents) {
        const id = cutId(document);
        if (count === limit) {
          next = id;
          continue;
        }
        const own = hash('sha256', document, 'base64');
        all.update(own);
        entries.set(toIdKey(id), { id: packId(id), hash: own });
        count += 1;
      }
    }
    return { entries, hash: all.digest('base64'), next };
  });
}

/**
 * Reads single documents as a majority of a set has them, by the keys of their ids; those that do not exist are left out.
 *
 * @throws DependencyAwayError
 */
export function readEntries(
  db: Db,
  collection: string,
  ids: readonly PackedId[],
): Promise<ReadonlyMap<string, Entry>> {
  return within(TIMEOUT_MS, async (signal) => {
    const options: FindOptions & Abortable = {
      ...{ raw: true, readPreference: 'primary', readConcern: 'majority', maxTimeMS: TIMEOUT_MS, signal },
    };
    const entries = new Map<string, Entry>();
    // A packed id has a character for each byte.
    for (const part of cutByIds(ids, ({ length }) => length)) {
      const filter: Document = { _id: { $in: part.map((id) => toIdValue(unpackId(id))) } };
      for await (const documents of eachBatch(db.collection(collection).find(filter, options))) {
        for (const document of documents) {
          const id = cutId(document);
          entries.set(toIdKey(id), { id: packId(id), hash: hash('sha256', document, 'base64') });
        }
      }
    }
    return entries;
  });
}

/** Yields the documents of a batch without a promise for each. The driver does not declare that a raw document is its bytes. */
async function* eachBatch(cursor: FindCursor<unknown>): AsyncGenerator<Iterable<Uint8Array>> {
  try {
    while (await cursor.hasNext()) yield cursor.readBufferedDocuments().map(toRaw);
  } finally {
    await cursor.close();
  }
}

function toRaw(document: unknown): Uint8Array {
  if (!(document instanceof Uint8Array)) throw new TypeError('The driver has read a raw document.');
  return document;
}
