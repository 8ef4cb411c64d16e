/** Says how much may be done now so that no second has more than the rate in it. */
export type TokenBucket = {
  /** Returns how many whole things may be done now. */
  available(): number;
  /** Notes that so many were done. */
  spend(count: number): void;
  /** Returns how many were done a second, over the last seconds. */
  rate(): number;
};

/** What can be saved up while nothing is done, in seconds of the rate; one thing at least. */
const BURST_SECONDS = 0.5;

/** Over how long the real rate is measured. */
const MEASURED_MS = 10_000;

/** Creates a bucket that is empty at first; `now` is a clock in ms that never goes back. */
export function createTokenBucket(perSecond: number, now: () => number): TokenBucket {
  const size = Math.max(1, perSecond * BURST_SECONDS);
  const startedMs = now();
  let tokens = 0;
  let filledMs = startedMs;
  let spent: { readonly atMs: number; readonly count: number }[] = [];

  function fill(): void {
    const nowMs = now();
    tokens = Math.min(size, tokens + ((nowMs - filledMs) / 1000) * perSecond);
    filledMs = nowMs;
  }

  return {
    available() {
      fill();
      return Math.floor(tokens);
    },
    spend(count) {
      fill();
      tokens -= count;
      spent.push({ atMs: now(), count });
    },
    rate() {
      const nowMs = now();
      spent = spent.filter(({ atMs }) => nowMs - atMs < MEASURED_MS);
      const overMs = Math.min(MEASURED_MS, Math.max(1000, nowMs - startedMs));
      return spent.reduce((sum, { count }) => sum + count, 0) / (overMs / 1000);
    },
  };
}
