/** How fast a source may send. */
export type RateLimitOptions = {
  /** Events per second on average. */
  readonly perSecond: number;
  /** Events at once; default: those of one second, at least 1. */
  readonly burst?: number | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
};

/** Whether events may pass; if not, after how many milliseconds they may. */
export type RateDecision = { readonly ok: true } | { readonly ok: false; readonly retryAfterMs: number };

/** The limit of one source. */
export type RateLimit = {
  /** Takes `count` events, all or none; what is refused uses nothing up. */
  take(count: number): RateDecision;
};

/** The level is counted in thousandths of an event: then a millisecond adds `perSecond`, whole for whole rates. */
const EVENT = 1000;

/** What additions may have rounded away: a billionth of an event is let through rather than waited for. */
const ROUNDED_AWAY = 1e-6;

/**
 * Creates a token bucket. It begins full. More events than it ever holds pass when it is full, and what they
 * overdraw is waited for afterwards, so that a large batch is slowed and not shut out. A clock that jumps back neither
 * adds to the level nor takes from it; one that jumps ahead fills the bucket, no more.
 */
export function createRateLimit({ perSecond, burst, now }: RateLimitOptions): RateLimit {
  const capacity = (burst ?? Math.max(1, perSecond)) * EVENT;
  let level = capacity;
  let levelAtMs = now();

  return {
    take(count) {
      const nowMs = now();
      if (nowMs > levelAtMs) level = Math.min(capacity, level + (nowMs - levelAtMs) * perSecond);
      levelAtMs = nowMs;
      const missing = Math.min(count * EVENT, capacity) - level;
      if (missing > ROUNDED_AWAY) return { ok: false, retryAfterMs: toWaitMs(missing, perSecond) };
      level -= count * EVENT;
      return { ok: true };
    },
  };
}

/** Returns the first whole millisecond after which no more than that is missing. */
function toWaitMs(missing: number, perSecond: number): number {
  return Math.max(1, Math.ceil((missing - ROUNDED_AWAY) / perSecond));
}
