/** Pauses that double, with jitter, until it is told that all is well. */
export type Backoff = { next(): number; reset(): void };

/** Creates pauses from `firstMs` to `maxMs`, each shortened at random by up to half. */
export function createBackoff({
  firstMs = 200,
  maxMs = 10_000,
  random = Math.random,
}: {
  readonly firstMs?: number;
  readonly maxMs?: number;
  readonly random?: () => number;
} = {}): Backoff {
  let nextMs = firstMs;
  return {
    next() {
      const pauseMs = nextMs * (0.5 + random() / 2);
      nextMs = Math.min(maxMs, nextMs * 2);
      return pauseMs;
    },
    reset() {
      nextMs = firstMs;
    },
  };
}
