import { setTimeout as pause } from 'node:timers/promises';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { MongoServerError } from 'mongodb';
import { type CollectionName, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { DECLARED, type Declared } from './declared.ts';
import { toStoreError } from './store-error.ts';

/** Server codes NamespaceExists, NamespaceNotFound and IndexNotFound. */
const NAMESPACE_EXISTS = 48;
const NAMESPACE_NOT_FOUND = 26;
const INDEX_NOT_FOUND = 27;
const AGAIN_AFTER_MS = 250;

/** Indexes of earlier releases whose effect is not wanted any more, by collection. */
const FORMER_INDEXES: Partial<Record<CollectionName, string>> = {
  // It deleted runs after 30 days, the last one of a source that is polled less often too.
  poll_runs: 'startedAt_1',
};

/**
 * Creates the collections and indexes that are missing, drops indexes of earlier releases that did harm, makes capped what is
 * to be so and came from a primary as an ordinary collection, and leaves alone everything else, so that any number of
 * processes may run it at once. Waits for MongoDB and for index builds up to `timeoutMs` (10 minutes).
 *
 * @throws DependencyAwayError when MongoDB was away all that time
 * @throws Error (MongoServerError) when an index exists under the same name with other options
 */
export async function migrate(connection: StoreConnection, timeoutMs = 600_000): Promise<void> {
  await within(timeoutMs, async (signal) => {
    for (;;) {
      try {
        for (const [name, { indexes, cappedBytes }] of listDeclared()) {
          await createCollection(connection, name, cappedBytes, signal);
          if (indexes.length > 0) await toCollection(connection, name).createIndexes([...indexes]);
          await dropFormerIndex(connection, name);
        }
        return;
      } catch (error) {
        // A long build outlives the socket's timeout: asking again joins the build that is under way.
        if (!(toStoreError(error) instanceof DependencyAwayError) || signal.aborted) throw error;
        await pause(AGAIN_AFTER_MS, undefined, { signal });
      }
    }
  });
}

/**
 * Checks that every unique index is there, without which duplicates could be stored.
 *
 * @throws Error that names the missing ones
 * @throws DependencyAwayError when MongoDB is away
 */
export async function assertMigrated(
  connection: StoreConnection,
  timeoutMs = connection.operationTimeoutMs,
): Promise<void> {
  const missing = await within(timeoutMs, async (signal) => {
    const names: string[] = [];
    for (const [name, { indexes }] of listDeclared()) {
      const unique = indexes.filter((index) => index.unique === true);
      if (unique.length === 0) continue;
      const existing = await listUniqueKeys(connection, name, signal);
      for (const { key } of unique) {
        if (!existing.has(JSON.stringify(key))) names.push(`${name} ${JSON.stringify(key)}`);
      }
    }
    return names;
  });
  if (missing.length > 0)
    throw new Error(`Unique indexes are missing: ${missing.join(', ')}. Migrate the database.`);
}

function listDeclared(): readonly (readonly [CollectionName, Declared])[] {
  return Object.entries(DECLARED) as [CollectionName, Declared][];
}

async function createCollection(
  { db }: StoreConnection,
  name: CollectionName,
  cappedBytes: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const options = cappedBytes === undefined ? {} : { capped: true, size: cappedBytes };
  try {
    await db.command({ create: name, ...options }, { signal });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== NAMESPACE_EXISTS) throw error;
    const isToBeCapped = cappedBytes !== undefined && !(await db.collection(name).isCapped());
    // On a backup it is an ordinary one. What is too much for its size goes, the oldest first, and its indexes do.
    if (isToBeCapped) await db.command({ convertToCapped: name, size: cappedBytes }, { signal });
  }
}

async function dropFormerIndex(connection: StoreConnection, name: CollectionName): Promise<void> {
  const index = FORMER_INDEXES[name];
  if (index === undefined) return;
  try {
    await toCollection(connection, name).dropIndex(index);
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== INDEX_NOT_FOUND) throw error;
  }
}

async function listUniqueKeys(
  { db }: StoreConnection,
  name: CollectionName,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  try {
    const { cursor } = await db.command({ listIndexes: name }, { signal });
    const indexes: readonly { key: unknown; unique?: boolean }[] = cursor.firstBatch;
    return new Set(indexes.filter(({ unique }) => unique === true).map(({ key }) => JSON.stringify(key)));
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return new Set();
    throw error;
  }
}
