/** The longest pause between two attempts. */
const MAX_BACKOFF_MS = 5 * 60_000;

/**
 * Returns the pause after failed attempt `attempt` (from 1): `baseMs` doubled with every attempt, of which the
 * upper half is random, so that events which failed together do not return together.
 */
export function toBackoffMs(attempt: number, baseMs: number, random: () => number = Math.random): number {
  const full = Math.min(baseMs * 2 ** (attempt - 1), MAX_BACKOFF_MS);
  return Math.round(full / 2 + (random() * full) / 2);
}

/** The shortest and the longest time an event is parked before a worker looks at it again. */
const PARK_FIRST_MS = 5000;
const PARK_LONGEST_MS = 5 * 60_000;

/** Returns how long to park for the `count`th time (from 1): 5 s doubling to 5 min, the upper half random. */
export function toParkMs(count: number, firstMs = PARK_FIRST_MS, random: () => number = Math.random): number {
  const full = Math.min(firstMs * 2 ** (count - 1), PARK_LONGEST_MS);
  return Math.round(full / 2 + (random() * full) / 2);
}
