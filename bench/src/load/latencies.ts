/** Half of the answers took at most `p50Ms`, 99 of 100 at most `p99Ms`; in ms. */
export type Latency = { readonly p50Ms: number; readonly p99Ms: number };

/** Times, counted in steps of 10 µs up to 10 s, so that keeping one allocates nothing. */
export type Latencies = {
  readonly add: (ms: number) => void;
  /** Reads the percentiles, null when there are no times. */
  readonly read: () => Latency | null;
};

const STEPS_PER_MS = 100;
const LONGEST_MS = 10_000;

/** Creates an empty set of times. */
export function createLatencies(): Latencies {
  const counts = new Uint32Array(LONGEST_MS * STEPS_PER_MS + 1);
  let total = 0;

  function toPercentile(share: number): number {
    const rank = Math.ceil(total * share);
    let seen = 0;
    const step = counts.findIndex((count) => {
      seen += count;
      return seen >= rank;
    });
    return step / STEPS_PER_MS;
  }

  return {
    add(ms) {
      const step = Math.min(counts.length - 1, Math.max(0, Math.round(ms * STEPS_PER_MS)));
      counts[step] = (counts[step] ?? 0) + 1;
      total += 1;
    },
    read: () => (total === 0 ? null : { p50Ms: toPercentile(0.5), p99Ms: toPercentile(0.99) }),
  };
}
