import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import { DECLARED } from '@sluice/store/declared';

/** A collection that is missing (`index` is null), or an index of one. */
export type Missing = {
  readonly collection: string;
  readonly index: string | null;
  readonly unique: boolean;
};

/**
 * Compares what is declared with what MongoDB has, and returns what is missing. An index that should be unique and is
 * not counts as missing.
 *
 * @throws DependencyAwayError when MongoDB is away
 */
export async function readMissing(store: StoreConnection): Promise<readonly Missing[]> {
  const { db } = store;
  const existing = await within(store.operationTimeoutMs, async (signal) => {
    const found = await db.listCollections({}, { nameOnly: true, signal }).toArray();
    return new Set(found.map(({ name }) => name));
  });
  const missing: Missing[] = [];
  for (const [collection, { indexes }] of Object.entries(DECLARED)) {
    const declared = indexes.map(({ key, ...options }) => toShape(key, options));
    const isThere = existing.has(collection);
    if (!isThere) missing.push({ collection, index: null, unique: false });
    const built = isThere && declared.length > 0 ? await readIndexes(store, collection) : new Set<string>();
    for (const { id, key, unique } of declared) {
      if (!built.has(id)) missing.push({ collection, index: key, unique });
    }
  }
  return missing;
}

async function readIndexes(store: StoreConnection, collection: string): Promise<ReadonlySet<string>> {
  const indexes = await within(store.operationTimeoutMs, () =>
    store.db.collection(collection).listIndexes().toArray(),
  );
  return new Set(indexes.map(({ key, ...options }) => toShape(key, options).id));
}

type IndexOptions = {
  readonly unique?: unknown;
  readonly expireAfterSeconds?: unknown;
  readonly partialFilterExpression?: unknown;
};

/** What two indexes must have in common to be the same. */
function toShape(keys: unknown, options: IndexOptions) {
  const key = JSON.stringify(keys);
  const unique = options.unique === true;
  const { expireAfterSeconds = null, partialFilterExpression = null } = options;
  const id = JSON.stringify([key, unique, expireAfterSeconds, partialFilterExpression]);
  return { id, key, unique };
}
