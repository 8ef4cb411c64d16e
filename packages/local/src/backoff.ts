const FIRST_MS = 1000;
const MAX_MS = 30_000;
const HEALTHY_MS = 10_000;

/** How long to wait before something that ended is started again. */
export type Backoff = {
  /** Notes a start. */
  readonly begin: () => void;
  /** Returns the wait in ms: 1 s, doubling to 30 s; 1 s again after a life of at least 10 s. */
  readonly next: () => number;
};

/** Creates a backoff; `now` returns ms of a clock that never goes back. */
export function createBackoff(now: () => number = () => performance.now()): Backoff {
  let nextMs = FIRST_MS;
  let begunAt = now();
  return {
    begin: () => {
      begunAt = now();
    },
    next: () => {
      if (now() - begunAt >= HEALTHY_MS) nextMs = FIRST_MS;
      const waitMs = nextMs;
      nextMs = Math.min(nextMs * 2, MAX_MS);
      return waitMs;
    },
  };
}
