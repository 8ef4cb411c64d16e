import { LAST_LATENCY_CLASS, type LatencyCounts } from '@sluice/contracts/latency';
import type { RecentBucket, RecentStats, RecentStatsQuery } from '@sluice/contracts/recent-stats';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { type RejectedCount, readRejectedCounts } from './rejected-counts.ts';

const SPAN_SECONDS = 3600;
const MAX_SOURCES = 100;

type Counts = Omit<RecentBucket, 'at' | 'rejected' | 'latency'>;
type Found = {
  readonly buckets: readonly (Counts & Readonly<Record<string, number>> & { readonly _id: number })[];
  readonly sources: readonly (Counts & { readonly _id: string })[];
};

const NO_COUNTS: Counts = { accepted: 0, normalized: 0, duplicate: 0, dead: 0, failed: 0 };

const SUMS = {
  accepted: { $sum: '$accepted' },
  normalized: { $sum: '$counts.normalized' },
  duplicate: { $sum: '$counts.duplicate' },
  dead: { $sum: '$counts.dead' },
  failed: { $sum: '$counts.failed' },
};

const CLASSES = Array.from({ length: LAST_LATENCY_CLASS + 1 }, (_, name) => name);
const LATENCY_SUMS = Object.fromEntries(CLASSES.map((name) => [`l${name}`, { $sum: `$latency.${name}` }]));

/**
 * Reads what was settled in the last 60 minutes, in buckets of `stepSeconds` that begin at whole multiples of it (UTC), and
 * how many requests were refused in each.
 *
 * @param options.timeoutMs the connection's operation timeout by default
 * @throws DependencyAwayError
 */
export async function readRecentOutcomes(
  connection: StoreConnection,
  tenant: string,
  { stepSeconds, source }: RecentStatsQuery,
  nowMs: number,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Promise<RecentStats> {
  const stepMs = stepSeconds * 1000;
  const lastMs = Math.floor(nowMs / stepMs) * stepMs;
  const firstMs = lastMs - (SPAN_SECONDS - stepSeconds) * 1000;
  const settled = {
    kind: 'settled',
    at: { $gte: new Date(firstMs), $lt: new Date(lastMs + stepMs) },
    tenant,
    ...(source === undefined ? {} : { source }),
  };
  const [[found], rejected] = await Promise.all([
    within(timeoutMs, (signal) =>
      toCollection(connection, 'outcomes')
        .aggregate<Found>([{ $match: settled }, { $facet: toFacets(stepMs) }], {
          signal,
          maxTimeMS: timeoutMs,
        })
        .toArray(),
    ),
    readRejectedCounts(connection, tenant, { fromMs: firstMs, stepMs, source }, { timeoutMs }),
  ]);
  const sums = new Map(found?.buckets.map((bucket) => [Number(bucket._id), bucket]));
  const buckets = Array.from({ length: SPAN_SECONDS / stepSeconds }, (_, index) =>
    toBucket(firstMs + index * stepMs, sums, rejected),
  );
  const sources = (found?.sources ?? []).map(({ _id, ...counts }) => ({ source: _id, ...counts }));
  return { stepSeconds, buckets, sources };
}

function toFacets(stepMs: number) {
  const start = { $subtract: [{ $toLong: '$at' }, { $mod: [{ $toLong: '$at' }, stepMs] }] };
  return {
    buckets: [{ $group: { _id: start, ...SUMS, ...LATENCY_SUMS } }],
    sources: [
      { $group: { _id: '$source', ...SUMS } },
      { $sort: { accepted: -1, _id: 1 } },
      { $limit: MAX_SOURCES },
    ],
  };
}

function toBucket(
  atMs: number,
  sums: ReadonlyMap<number, Found['buckets'][number]>,
  rejected: readonly RejectedCount[],
): RecentBucket {
  const sum = sums.get(atMs);
  const { accepted, normalized, duplicate, dead, failed } = sum ?? NO_COUNTS;
  return {
    at: new Date(atMs).toISOString(),
    ...{ accepted, normalized, duplicate, dead, failed },
    rejected: rejected.find((count) => count.atMs === atMs)?.count ?? 0,
    latency: sum === undefined ? {} : toLatency(sum),
  };
}

function toLatency(sum: Readonly<Record<string, number>>): LatencyCounts {
  const counts = CLASSES.map((name) => [String(name), sum[`l${name}`] ?? 0] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
