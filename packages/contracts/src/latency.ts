/*
 * How late events are stored is kept as counts: how many took up to 1 ms, up to 2 ms, 4 ms and so on. Counts can be added up over
 * sources and times; percentiles cannot.
 */

/** The last class, of everything slower than 2^21 ms (35 min). */
export const LAST_LATENCY_CLASS = 22;

/** Events by class of latency: `{"3": 12}` = twelve took more than 4 ms, and at most 8 ms. */
export type LatencyCounts = Readonly<Record<string, number>>;

/** Returns the class of a latency in ms. */
export function toLatencyClass(ms: number): number {
  if (!(ms > 1)) return 0;
  return Math.min(LAST_LATENCY_CLASS, Math.ceil(Math.log2(ms)));
}

/** Adds counts up. */
export function addLatencies(all: readonly LatencyCounts[]): LatencyCounts {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

/**
 * Reads a latency in ms that the share `share` (0 to 1) of the events kept to; null without events. Within a class the events are
 * taken to be spread evenly on a logarithmic scale, so it is right to within a factor of two, mostly far better.
 */
export function readLatency(counts: LatencyCounts, share: number): number | null {
  const classes = Object.entries(counts)
    .map(([name, count]) => ({ at: Number(name), count }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.at - b.at);
  const total = classes.reduce((sum, { count }) => sum + count, 0);
  let left = total * share;
  for (const { at, count } of classes) {
    if (left <= count) return 2 ** (at - 1 + left / count);
    left -= count;
  }
  const last = classes.at(-1);
  return last === undefined ? null : 2 ** last.at;
}
