/*
 * Where a range of time ends. Apart from its schema, so that a page can ask it without zod.
 */

const DAY_MS = 86_400_000;

/** Returns the time at which a range ends, in epoch ms: a bare date ends with its day (UTC). */
export function toEndMs(to: string): number {
  return Date.parse(to) + (isBareDate(to) ? DAY_MS : 0);
}

/** Tells whether a text is a date without a time of day. */
export function isBareDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}
