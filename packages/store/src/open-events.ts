import type { OpenEvent, RawEventDocument } from '@sluice/contracts/event';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';

/** Raw events that wait for another attempt, or for a worker that knows them. */
export type StoredOpenEvents = {
  /**
   * Lists those that were not touched for `idleMs`, 500 at a time, each with the size of its document.
   *
   * @throws DependencyAwayError
   */
  listIdle(idleMs: number): AsyncIterable<readonly (OpenEvent & { readonly bytes: number })[]>;
  /**
   * Reads them whole, in any order.
   *
   * @throws DependencyAwayError
   */
  read(ids: readonly string[]): Promise<readonly RawEventDocument[]>;
};

const PORTION = 500;

/** Creates the reader of open events; `timeoutMs`, for each portion, is 10 s by default. */
export function createOpenEvents(connection: StoreConnection, { timeoutMs = 10_000 } = {}): StoredOpenEvents {
  const collection = toCollection(connection, 'raw_events');

  async function* listIdle(
    idleMs: number,
  ): AsyncGenerator<readonly (OpenEvent & { readonly bytes: number })[]> {
    const filter = {
      status: { $in: ['failed' as const, 'pending' as const] },
      updatedAt: { $lt: new Date(Date.now() - idleMs) },
    };
    const bytes = { $bsonSize: '$$ROOT' };
    const projection = { contentHash: 1, run: 1, attempts: 1, batch: 1, schemaVersion: 1, replay: 1, bytes };
    // Not `maxTimeMS`, which counts for all portions together.
    const ended = new AbortController();
    const options = { projection, batchSize: PORTION, signal: ended.signal };
    const cursor = collection.find<OpenEvent & { readonly bytes: number }>(filter, options);
    try {
      while (await within(timeoutMs, () => cursor.hasNext())) yield cursor.readBufferedDocuments(PORTION);
    } finally {
      // The server gives up a search that nobody waits for any more.
      ended.abort();
      await cursor.close();
    }
  }

  async function read(ids: readonly string[]): Promise<readonly RawEventDocument[]> {
    return within(timeoutMs, (signal) =>
      collection
        .find({ _id: { $in: [...ids] } }, { signal, maxTimeMS: timeoutMs, promoteBuffers: true })
        .toArray(),
    );
  }

  return { listIdle, read };
}
