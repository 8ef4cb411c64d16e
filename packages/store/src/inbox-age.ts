import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';

/**
 * Counts the rows of the inbox that have waited for longer than `olderThanMs` to be put into the queue, from an index alone.
 *
 * @param options.timeoutMs 10 s by default
 * @throws DependencyAwayError
 */
export async function countOldInboxRows(
  connection: StoreConnection,
  olderThanMs: number,
  { timeoutMs = 10_000 } = {},
): Promise<number> {
  const before = new Date(Date.now() - olderThanMs);
  return within(timeoutMs, (signal) =>
    toCollection(connection, 'inbox').countDocuments(
      { enqueuedAt: null as never, at: { $lt: before } },
      { maxTimeMS: timeoutMs, hint: { enqueuedAt: 1, at: 1 }, ...toWriteOptions(signal) },
    ),
  );
}
