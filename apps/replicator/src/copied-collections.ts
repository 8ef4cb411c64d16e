import { OWN_COLLECTIONS } from '@sluice/contracts/full-sync';
import type { Logger } from '@sluice/runtime/logger';
import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';

const LIST_MS = 10_000;
const DROP_MS = 30_000;

/** Lists the collections that are not copied: those of one side alone, and those that were excluded. */
export function toExcluded(excluded: readonly string[]): readonly string[] {
  return [...new Set([...OWN_COLLECTIONS, ...excluded])].sort();
}

/**
 * Lists the collections of a database that are copied, by name: no views, nothing of MongoDB's own.
 *
 * @throws DependencyAwayError
 */
export async function listCopied(
  { db }: StoreConnection,
  excluded: readonly string[],
): Promise<readonly string[]> {
  const found = await within(LIST_MS, () =>
    db.listCollections({ type: 'collection' }, { nameOnly: true }).toArray(),
  );
  return found
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('system.') && !excluded.includes(name))
    .sort();
}

/**
 * Drops the indexes by which a backup that was in use as a primary, and has them since then, would decide for itself. Where
 * one is unique two documents that swap a value cannot arrive one after the other; where documents expire by it the backup
 * would delete them by its own clock, and by how long the primary kept them then. They are built again when the backup is
 * promoted.
 *
 * @throws DependencyAwayError
 */
export async function dropDecidingIndexes(
  backup: StoreConnection,
  excluded: readonly string[],
  logger: Logger,
): Promise<void> {
  for (const name of await listCopied(backup, excluded)) {
    const collection = backup.db.collection(name);
    const indexes = await within(LIST_MS, () => collection.listIndexes().toArray());
    for (const { name: index, unique, expireAfterSeconds } of indexes) {
      if (unique !== true && expireAfterSeconds === undefined) continue;
      await within(LIST_MS, () => collection.dropIndex(index));
      logger.warn({ collection: name, index }, 'backup.index-dropped');
    }
  }
}

/**
 * Lists the capped collections of a backup that was in use as a primary. Nothing is copied into them, because MongoDB
 * allows no transaction to write to them.
 *
 * @throws DependencyAwayError
 */
export async function listCapped(
  backup: StoreConnection,
  excluded: readonly string[],
): Promise<readonly string[]> {
  const names = await listCopied(backup, excluded);
  const found = await within(LIST_MS, () => backup.db.listCollections({ 'options.capped': true }).toArray());
  return found.map(({ name }) => name).filter((name) => names.includes(name));
}

/**
 * Drops collections of a backup, which a full sync then fills as ordinary ones.
 *
 * @throws DependencyAwayError
 */
export async function dropCollections(
  backup: StoreConnection,
  names: readonly string[],
  logger: Logger,
): Promise<void> {
  for (const name of names) {
    await within(DROP_MS, () => backup.db.dropCollection(name));
    logger.warn({ collection: name }, 'backup.collection-dropped');
  }
}
