import type { Latency } from './load/latencies.ts';

/** How many events were stored within each bound, in ms; the last bound is infinite. */
export type StoredTimes = ReadonlyMap<number, number>;

const BUCKET = /^sluice_accepted_to_stored_seconds_bucket\{[^}]*\ble="([^"]+)"[^}]*\} (\S+)/gm;

/** Reads the times from accepting to storing that some workers counted since their start, from their `/metrics`. */
export async function readStoredTimes(workerUrls: readonly string[]): Promise<StoredTimes> {
  const sums = new Map<number, number>();
  for (const text of await Promise.all(workerUrls.map(readMetrics))) {
    for (const [, bound = '', count = ''] of text.matchAll(BUCKET)) {
      const ms = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound) * 1000;
      sums.set(ms, (sums.get(ms) ?? 0) + Number(count));
    }
  }
  return sums;
}

/**
 * Returns the percentiles of the times between two readings, null when there are none. Inside a bucket they are
 * interpolated, as Prometheus' `histogram_quantile` does; the asked bounds of 50 and 250 ms are bounds of buckets.
 */
export function toStoredLatency(before: StoredTimes, after: StoredTimes): Latency | null {
  const counts = [...after]
    .map(([ms, count]) => ({ ms, count: count - (before.get(ms) ?? 0) }))
    .toSorted((a, b) => a.ms - b.ms);
  const total = counts.at(-1)?.count ?? 0;
  if (total === 0) return null;

  function toPercentile(share: number): number {
    const rank = total * share;
    const at = counts.findIndex(({ count }) => count >= rank);
    const low = counts[at - 1] ?? { ms: 0, count: 0 };
    const high = counts[at] ?? low;
    if (!Number.isFinite(high.ms)) return low.ms;
    return low.ms + ((high.ms - low.ms) * (rank - low.count)) / (high.count - low.count);
  }

  return { p50Ms: toPercentile(0.5), p99Ms: toPercentile(0.99) };
}

async function readMetrics(url: string): Promise<string> {
  const response = await fetch(new URL('/metrics', url));
  if (!response.ok) throw new Error(`${url}/metrics answered ${response.status}.`);
  return response.text();
}
