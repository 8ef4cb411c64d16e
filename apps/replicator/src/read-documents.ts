import { within } from '@sluice/store/deadline';
import type { Db, Document } from 'mongodb';
import { toDocumentKey } from './bson-values.ts';
import { decodeDocument } from './decode-document.ts';
import type { PendingByCollection, PendingDocument } from './pending-changes.ts';

/** What is to be done on the backup for one document: put it there, or take it away (`document` null). */
export type DocumentWrite = PendingDocument & {
  readonly collection: string;
  readonly document: Document | Map<string, unknown> | null;
};

/** How much is held in memory of a collection before it is handed on. */
const PORTION_BYTES = 4 * 1024 * 1024;
const READ_MS = 30_000;

/**
 * Reads documents of the primary as a majority holds them now, in portions of about 4 MiB. Those that are not there
 * any more come last in their collection, as deletes. Rejects as soon as `ending` is aborted.
 *
 * @throws DependencyAwayError
 */
export async function* readDocuments(
  primary: Db,
  pending: PendingByCollection,
  ending: AbortSignal,
): AsyncGenerator<readonly DocumentWrite[]> {
  let portion: DocumentWrite[] = [];
  let bytes = 0;
  for (const [collection, documents] of pending) {
    const waiting = new Map(documents.map((document) => [document.key, document]));
    const cursor = primary
      .collection(collection)
      .find<Uint8Array>({ _id: { $in: documents.map(({ id }) => id) } } as Document, {
        // The sizes are needed, and decoding here costs no more than decoding in the driver.
        raw: true,
        batchSize: documents.length + 1,
        readConcern: { level: 'majority' },
        readPreference: 'primary',
        maxTimeMS: READ_MS,
        signal: ending,
      });
    try {
      while (await within(READ_MS, () => cursor.hasNext())) {
        for (const raw of cursor.readBufferedDocuments()) {
          const { id, document } = decodeDocument(raw);
          const key = toDocumentKey(id);
          const asked = waiting.get(key);
          if (asked === undefined) continue;
          waiting.delete(key);
          portion.push({ ...asked, id, collection, document });
          bytes += raw.byteLength;
          if (bytes < PORTION_BYTES) continue;
          yield portion;
          portion = [];
          bytes = 0;
        }
      }
    } finally {
      await cursor.close();
    }
    for (const gone of waiting.values()) portion.push({ ...gone, collection, document: null });
  }
  yield portion;
}
