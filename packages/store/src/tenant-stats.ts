import type { TenantStats } from '@sluice/contracts/api';
import { STORED_STATUSES } from '@sluice/contracts/status';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { readRates } from './outcomes.ts';

/**
 * Counts the stored events of a tenant, and tells how fast they are settled at `nowMs`. It reads an index through, about a second for every few million events: cache
 * the answer where it is asked for often.
 *
 * @throws DependencyAwayError
 */
export async function readTenantStats(
  connection: StoreConnection,
  tenant: string,
  nowMs: number,
  { timeoutMs = 10_000 } = {},
): Promise<TenantStats> {
  const collection = toCollection(connection, 'raw_events');
  return within(timeoutMs, async (signal) => {
    const options = { signal, maxTimeMS: timeoutMs };
    const [rates, statuses, levels] = await Promise.all([
      readRates(connection, nowMs, { tenant, timeoutMs }),
      collection
        .aggregate<{ _id: string; n: number }>(
          [
            { $match: { status: { $in: [...STORED_STATUSES] }, tenant } },
            { $group: { _id: '$status', n: { $sum: 1 } } },
          ],
          options,
        )
        .toArray(),
      collection
        .aggregate<{ _id: string; n: number }>(
          [
            { $match: { duplicateLevel: { $in: ['raw', 'normalized'] }, tenant } },
            { $group: { _id: '$duplicateLevel', n: { $sum: 1 } } },
          ],
          options,
        )
        .toArray(),
    ]);
    const count = (found: typeof statuses, id: string) => found.find(({ _id }) => _id === id)?.n ?? 0;
    return {
      byStatus: {
        pending: count(statuses, 'pending'),
        normalized: count(statuses, 'normalized'),
        duplicate: count(statuses, 'duplicate'),
        failed: count(statuses, 'failed'),
        dead: count(statuses, 'dead'),
      },
      duplicates: { raw: count(levels, 'raw'), normalized: count(levels, 'normalized') },
      rates,
    };
  });
}
