import { LAST_LATENCY_CLASS, type LatencyCounts } from '@sluice/contracts/latency';
import {
  MAX_RECENT_BUCKETS,
  type RecentBucket,
  type RecentStats,
  type RecentStatsQuery,
} from '@sluice/contracts/recent-stats';
import { CLOCK_SLACK_MS, COARSE_MS, COARSE_STEP_SECONDS, RECENT_MS } from '@sluice/contracts/time-steps';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { parseRange, refuseParameter } from './keyset.ts';
import { type RejectedCounts, readRejectedCounts } from './rejected-counts.ts';

/** What is told of the last two days when no time is named. */
const DAY_MS = 86_400_000;

const HOUR_MS = 3_600_000;

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
 * Reads what was settled, in buckets of `stepSeconds` that begin at whole multiples of it (UTC), and how many requests were
 * refused in each: the last 60 minutes by default, with buckets of 3 minutes and longer the last 24 hours.
 *
 * @param options.timeoutMs the connection's operation timeout by default
 * @throws ProblemException ERR_QUERY_INVALID for a bad time, one of which it is not known any more, or too many buckets
 * @throws DependencyAwayError
 */
export async function readRecentOutcomes(
  connection: StoreConnection,
  tenant: string,
  query: RecentStatsQuery,
  nowMs: number,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Promise<RecentStats> {
  const { stepSeconds, source } = query;
  const stepMs = stepSeconds * 1000;
  const { firstMs, endMs } = toTime(query, nowMs);
  const settled = {
    kind: stepSeconds < COARSE_STEP_SECONDS ? 'settled' : 'settled3m',
    at: { $gte: new Date(firstMs), $lt: new Date(endMs) },
    tenant,
    ...(source === undefined ? {} : { source }),
  };
  const [[found], rejected, knownFrom] = await Promise.all([
    within(timeoutMs, (signal) =>
      toCollection(connection, 'outcomes')
        .aggregate<Found>([{ $match: settled }, { $facet: toFacets(stepMs) }], {
          signal,
          maxTimeMS: timeoutMs,
        })
        .toArray(),
    ),
    readRejectedCounts(connection, tenant, { fromMs: firstMs, endMs, stepMs, source }, { timeoutMs }),
    settled.kind === 'settled' ? null : findKnownFrom(connection, tenant, { firstMs, endMs }, timeoutMs),
  ]);
  const sums = new Map(found?.buckets.map((bucket) => [Number(bucket._id), bucket]));
  const buckets = Array.from({ length: (endMs - firstMs) / stepMs }, (_, index) =>
    toBucket(firstMs + index * stepMs, sums, rejected.counts),
  );
  const sources = (found?.sources ?? []).map(({ _id, ...counts }) => ({ source: _id, ...counts }));
  return {
    ...{ stepSeconds, buckets, sources },
    knownFrom: knownFrom?.toISOString() ?? null,
    rejectedKnownFrom: rejected.knownFrom?.toISOString() ?? null,
  };
}

/**
 * Finds where the counting in 3 minutes began, in a database that is older than it: events that came in an earlier hour were
 * settled uncounted. Null when there are none: then nothing was settled before the oldest count.
 */
async function findKnownFrom(
  connection: StoreConnection,
  tenant: string,
  { firstMs, endMs }: { readonly firstMs: number; readonly endMs: number },
  timeoutMs: number,
): Promise<Date | null> {
  const outcomes = toCollection(connection, 'outcomes');
  return within(timeoutMs, async (signal) => {
    const options = { signal, maxTimeMS: timeoutMs, sort: { at: 1 }, projection: { at: 1 } } as const;
    const counted = await outcomes.findOne({ kind: 'settled3m', tenant }, options);
    const oldest = counted?.at ?? new Date(endMs);
    const hour = new Date(Math.floor(oldest.getTime() / HOUR_MS) * HOUR_MS);
    const earlier = { $gte: new Date(firstMs), $lt: hour };
    if (earlier.$gte >= hour) return null;
    return (await outcomes.findOne({ kind: 'received', at: earlier, tenant }, options)) && oldest;
  });
}

/** What is to come is no bucket. */
function toTime(
  query: RecentStatsQuery,
  nowMs: number,
): { readonly firstMs: number; readonly endMs: number } {
  const isCoarse = query.stepSeconds >= COARSE_STEP_SECONDS;
  const stepMs = query.stepSeconds * 1000;
  const range = parseRange(query);
  const openMs = Math.floor(nowMs / stepMs) * stepMs;
  const wantedMs = range?.$lt === undefined ? Infinity : Math.ceil(range.$lt.getTime() / stepMs) * stepMs;
  const endMs = Math.min(openMs + stepMs, wantedMs);
  const fromMs = range?.$gte?.getTime() ?? endMs - (isCoarse ? DAY_MS : RECENT_MS);
  const firstMs = Math.floor(fromMs / stepMs) * stepMs;
  if (firstMs >= endMs) throw refuseParameter('from', 'not before the end, or not yet');
  const earliestMs = nowMs - (isCoarse ? COARSE_MS : RECENT_MS) - CLOCK_SLACK_MS;
  if (firstMs < Math.floor(earliestMs / stepMs) * stepMs) {
    const known = isCoarse ? '48 hours' : '60 minutes; with a step of 180 or 900 of the last 48 hours';
    throw refuseParameter('from', `it is known of the last ${known}`);
  }
  if ((endMs - firstMs) / stepMs > MAX_RECENT_BUCKETS) {
    throw refuseParameter('step', `too short for so long a time: ${MAX_RECENT_BUCKETS} buckets at most`);
  }
  return { firstMs, endMs };
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
  rejected: RejectedCounts['counts'],
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
