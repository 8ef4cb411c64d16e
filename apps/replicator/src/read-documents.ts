import { within } from '@sluice/store/deadline';
import type { ClientSession, Db, Document } from 'mongodb';
import { toDocumentKey } from './bson-values.ts';
import { decodeDocument } from './decode-document.ts';
import type { PendingByCollection, PendingDocument } from './pending-changes.ts';

/** What is to be done on the backup for one document: put it there, or, where `document` is null, take it away if it may be deleted. */
export type DocumentWrite = PendingDocument & {
  readonly collection: string;
  readonly document: Document | Map<string, unknown> | null;
};

/** How much is handed on at once: it has to reach the backup within the time of a bulk, also by a slow line. */
const PORTION_BYTES = 1024 * 1024;
const READ_MS = 30_000;

/**
 * Reads documents of the primary as a majority holds them now, in portions of at most 1 MiB, or of one document that is
 * larger. Those that are not there any more come last in their collection, with `document` null. Rejects as soon as
 * `ending` is aborted.
 *
 * The session is causally consistent, and the same for all readings. A majority read alone is not enough: a new primary
 * has every change that a majority had, but does not know at once that a majority has them, and answers with an older
 * state meanwhile. In the session it waits until it knows all up to the session's time: that of what was read before,
 * and of the changes that were seen. A majority's changes are never undone, so the time is always reached.
 *
 * @throws DependencyAwayError
 */
export async function* readDocuments(
  primary: Db,
  pending: PendingByCollection,
  { session, ending }: { readonly session: ClientSession; readonly ending: AbortSignal },
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
        session,
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
          if (portion.length > 0 && bytes + raw.byteLength > PORTION_BYTES) {
            yield portion;
            portion = [];
            bytes = 0;
          }
          portion.push({ ...asked, id, collection, document });
          bytes += raw.byteLength;
        }
      }
    } finally {
      await cursor.close();
    }
    for (const gone of waiting.values()) portion.push({ ...gone, collection, document: null });
  }
  yield portion;
}
