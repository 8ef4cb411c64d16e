import type { IncomingHttpHeaders } from 'node:http';

/** The longest wait that a source's headers can ask for: 1 h, so that a wrong date does not silence it for ever. */
export const MAX_WAIT_MS = 3_600_000;

/** From here on a rate limit's reset is a point in epoch seconds, below it a number of seconds. */
const FIRST_EPOCH_SECONDS = 1e9;

/** From here on it is a point in epoch milliseconds: as seconds it would lie in the year 5138 at the earliest. */
const FIRST_EPOCH_MILLIS = 1e11;

/**
 * Reads how long a source asks us to wait, in ms: from `Retry-After` (seconds or a date), else from a rate limit
 * with nothing remaining (`RateLimit-Remaining` and `-Reset`, with or without `X-`). Dates are compared with the
 * source's own `Date`, else with `nowMs`. Returns null when it asks nothing, at most MAX_WAIT_MS.
 */
export function readWaitMs(headers: IncomingHttpHeaders, nowMs: number): number | null {
  const date = Date.parse(headers.date ?? '');
  const theirNowMs = Number.isNaN(date) ? nowMs : date;
  const waitMs = readRetryAfter(headers['retry-after'], theirNowMs) ?? readRateLimit(headers, theirNowMs);
  return waitMs === null ? null : Math.min(Math.max(0, waitMs), MAX_WAIT_MS);
}

function readRetryAfter(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Math.ceil(Number(value) * 1000);
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : atMs - nowMs;
}

function readRateLimit(headers: IncomingHttpHeaders, nowMs: number): number | null {
  for (const prefix of ['ratelimit', 'x-ratelimit', 'x-rate-limit']) {
    const remaining = headers[`${prefix}-remaining`];
    const reset = headers[`${prefix}-reset`];
    if (typeof remaining !== 'string' || typeof reset !== 'string' || Number(remaining) > 0) continue;
    if (!/^\d+$/.test(remaining) || !/^\d+(\.\d+)?$/.test(reset)) continue;
    return toResetMs(Number(reset), nowMs);
  }
  return null;
}

function toResetMs(reset: number, nowMs: number): number {
  if (reset >= FIRST_EPOCH_MILLIS) return reset - nowMs;
  return reset >= FIRST_EPOCH_SECONDS ? reset * 1000 - nowMs : reset * 1000;
}
