import { toDocumentKey } from './bson-values.ts';

/** A change of a document, as it was read. */
export type DocumentChange = {
  readonly kind: 'insert' | 'update' | 'replace' | 'delete';
  readonly collection: string;
  readonly id: unknown;
  /** What the document is since, as it is stored, or null when it is gone; undefined when nobody told. */
  readonly told?: Uint8Array | null | undefined;
};

/** A document to be copied as it is, and how many of its changes that settles. */
export type PendingDocument = {
  readonly id: unknown;
  readonly key: string;
  readonly changes: number;
  /** The first of the changes was an insert: the backup should not have the document yet. */
  readonly isNew: boolean;
  /** The last of the changes was a delete: where the document is gone, it is deleted on the backup too. */
  readonly mayDelete: boolean;
  /** What it was after the last of the changes, as it is stored, or null when it was gone; undefined when nobody told. */
  readonly told: Uint8Array | null | undefined;
};

/** Documents by their collections, in the order in which they first changed. */
export type PendingByCollection = ReadonlyMap<string, readonly PendingDocument[]>;

/** Changes that wait to be copied, those of one document merged into one. */
export type PendingChanges = {
  add(change: DocumentChange): void;
  /** How many documents wait. */
  countDocuments(): number;
  countChanges(): number;
  /** Hands over what waits; afterwards nothing does. */
  take(): PendingByCollection;
};

type Waiting = {
  id: unknown;
  changes: number;
  readonly isNew: boolean;
  mayDelete: boolean;
  told: PendingDocument['told'];
};

/** What documents take in memory before they are copied; beyond that they are read. */
export const MAX_TOLD_BYTES = 8 * 1024 * 1024;

/**
 * Creates an empty set of changes. Of a document only its last state is kept, where that was told; its newest state is what
 * will be copied. So insert and insert, insert and update, update and update come to the newest state, anything and delete to
 * a delete, and delete and insert to the new document. A document that is gone although its last change was no delete
 * stays: its delete is yet to be read, or the collection was dropped, which takes nothing from the backup.
 */
export function createPendingChanges(): PendingChanges {
  let collections = new Map<string, Map<string, Waiting>>();
  let documents = 0;
  let changes = 0;
  let bytes = 0;

  return {
    add({ kind, collection, id, told: given }) {
      bytes += given?.byteLength ?? 0;
      const told = bytes > MAX_TOLD_BYTES ? undefined : given;
      const known = collections.get(collection);
      const waiting = known ?? new Map();
      if (known === undefined) collections.set(collection, waiting);
      const key = toDocumentKey(id);
      const found = waiting.get(key);
      changes += 1;
      if (found !== undefined) {
        found.changes += 1;
        // Of ids that are equal but of different types the last one is that of the document.
        found.id = id;
        found.mayDelete = kind === 'delete';
        found.told = told;
        return;
      }
      documents += 1;
      waiting.set(key, { id, changes: 1, isNew: kind === 'insert', mayDelete: kind === 'delete', told });
    },
    countDocuments: () => documents,
    countChanges: () => changes,
    take() {
      const taken = new Map(
        [...collections].map(([name, waiting]) => [
          name,
          [...waiting].map(([key, document]) => ({ key, ...document })),
        ]),
      );
      collections = new Map();
      documents = 0;
      changes = 0;
      bytes = 0;
      return taken;
    },
  };
}
