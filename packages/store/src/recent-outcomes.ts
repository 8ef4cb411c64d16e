import type { RecentBucket, RecentStats } from '@sluice/contracts/recent-stats';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';

const SPAN_SECONDS = 3600;

type Sums = Omit<RecentBucket, 'at'>;

const EMPTY: Sums = { accepted: 0, normalized: 0, duplicate: 0, dead: 0, failed: 0 };

/**
 * Reads what was settled in the last 60 minutes, in buckets of `stepSeconds` that begin at whole multiples of it (UTC).
 *
 * @param options.timeoutMs the connection's operation timeout by default
 * @throws DependencyAwayError
 */
export async function readRecentOutcomes(
  connection: StoreConnection,
  tenant: string,
  stepSeconds: number,
  nowMs: number,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Promise<RecentStats> {
  const stepMs = stepSeconds * 1000;
  const lastMs = Math.floor(nowMs / stepMs) * stepMs;
  const firstMs = lastMs - (SPAN_SECONDS - stepSeconds) * 1000;
  const found = await within(timeoutMs, (signal) =>
    toCollection(connection, 'outcomes')
      .aggregate<Sums & { readonly _id: number }>(
        [
          {
            $match: {
              kind: 'settled',
              at: { $gte: new Date(firstMs), $lt: new Date(lastMs + stepMs) },
              tenant,
            },
          },
          {
            $group: {
              _id: { $subtract: [{ $toLong: '$at' }, { $mod: [{ $toLong: '$at' }, stepMs] }] },
              accepted: { $sum: '$accepted' },
              normalized: { $sum: '$counts.normalized' },
              duplicate: { $sum: '$counts.duplicate' },
              dead: { $sum: '$counts.dead' },
              failed: { $sum: '$counts.failed' },
            },
          },
        ],
        { signal, maxTimeMS: timeoutMs },
      )
      .toArray(),
  );
  const sums = new Map(found.map(({ _id, ...counts }) => [Number(_id), counts]));
  const buckets = Array.from({ length: SPAN_SECONDS / stepSeconds }, (_, index) => {
    const atMs = firstMs + index * stepMs;
    return { at: new Date(atMs).toISOString(), ...(sums.get(atMs) ?? EMPTY) };
  });
  return { stepSeconds, buckets };
}
