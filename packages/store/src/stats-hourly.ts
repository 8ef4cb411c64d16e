import type { ProblemException } from '@sluice/contracts/errors';
import {
  type HourEntry,
  type HourlyStats,
  type HourlyStatsQuery,
  MAX_HOURLY_STATS,
} from '@sluice/contracts/hourly-stats';
import { type OutcomeDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { parseRange, refuseParameter } from './keyset.ts';
import { toBucketStart } from './rollup-units.ts';

const COUNTS = ['accepted', 'normalized', 'duplicate', 'dead', 'failed', 'pending'] as const;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * Reads what became of the events that were received in each hour. The hour of `from` counts as a whole, and so does the
 * one before `to`; without `from` these are the 24 hours up to `to`.
 *
 * @param options.timeoutMs the connection's operation timeout by default
 * @throws ProblemException ERR_QUERY_INVALID for a bad time, or when there is more than an answer can hold
 * @throws DependencyAwayError
 */
export async function readHourlyStats(
  connection: StoreConnection,
  tenant: string,
  query: HourlyStatsQuery,
  nowMs: number,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Promise<Omit<HourlyStats, 'rejected' | 'rejectedKnownFrom'>> {
  const { fromMs, endMs } = toHours(query, nowMs);
  const found = await within(timeoutMs, (signal) =>
    toCollection(connection, 'outcomes')
      .find(
        {
          kind: 'received',
          at: { $gte: new Date(fromMs), $lt: new Date(endMs) },
          tenant,
          ...(query.source === undefined ? {} : { source: query.source }),
        },
        { signal, maxTimeMS: timeoutMs, limit: MAX_HOURLY_STATS + 1, batchSize: MAX_HOURLY_STATS + 2 },
      )
      .toArray(),
  );
  if (found.length > MAX_HOURLY_STATS) throw tooMany(fromMs, endMs);
  const hours = found.map(toEntry).filter(({ accepted }) => accepted > 0);
  return { hours: hours.toSorted(newestFirst), totals: toTotals(hours) };
}

/**
 * Returns the time that a question is about, in epoch ms: whole hours, the 24 before its end when it names no begin.
 *
 * @throws ProblemException ERR_QUERY_INVALID for a bad time
 */
export function toHours(
  query: HourlyStatsQuery,
  nowMs: number,
): { readonly fromMs: number; readonly endMs: number } {
  const range = parseRange(query);
  const endMs = range?.$lt?.getTime() ?? nowMs;
  const fromMs = range?.$gte?.getTime() ?? endMs - DAY_MS;
  return { fromMs: toBucketStart('hour', fromMs / 1000) * 1000, endMs };
}

function toEntry({ source, at, counts, latency = {} }: OutcomeDocument): HourEntry {
  const { normalized = 0, duplicate = 0, dead = 0, failed = 0, pending = 0 } = counts;
  const accepted = normalized + duplicate + dead + failed + pending;
  const entry = { accepted, normalized, duplicate, dead, failed, pending, latency };
  return { hour: at.toISOString(), source, ...entry };
}

function newestFirst(a: HourEntry, b: HourEntry): number {
  if (a.hour !== b.hour) return a.hour < b.hour ? 1 : -1;
  return a.source < b.source ? -1 : 1;
}

function toTotals(hours: readonly HourEntry[]): HourlyStats['totals'] {
  const totals = { accepted: 0, normalized: 0, duplicate: 0, dead: 0, failed: 0, pending: 0 };
  for (const entry of hours) for (const name of COUNTS) totals[name] += entry[name];
  return totals;
}

function tooMany(fromMs: number, endMs: number): ProblemException {
  const hours = Math.ceil((endMs - fromMs) / HOUR_MS);
  const detail = `these ${hours} hours hold more than ${MAX_HOURLY_STATS} entries: ask for fewer hours, or for one source`;
  return refuseParameter('from', detail);
}
