import type { IncomingHttpHeaders } from 'node:http';
import type { RefusalReason } from './scheme.ts';
import { readHeader } from './signature.ts';

/** A time as a sender signed it: its exact text, and epoch milliseconds. */
export type SignedTime = { readonly ok: true; readonly text: string; readonly ms: number };

/** Why there is no such time. */
export type NoSignedTime = { readonly ok: false; readonly reason: RefusalReason };

/** From here on a number is milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973. */
const FIRST_MILLIS = 100_000_000_000;

/** Reads a signed time, epoch seconds or milliseconds. */
export function parseSignedTime(text: string | undefined): SignedTime | NoSignedTime {
  if (text === undefined) return { ok: false, reason: 'timestamp-missing' };
  if (!/^\d{1,15}$/.test(text)) return { ok: false, reason: 'timestamp-malformed' };
  const value = Number(text);
  return { ok: true, text, ms: value < FIRST_MILLIS ? value * 1000 : value };
}

/** Reads a signed time from a header. */
export function readSignedTime(headers: IncomingHttpHeaders, name: string): SignedTime | NoSignedTime {
  return parseSignedTime(readHeader(headers, name));
}

/** Tells whether a signed time lies no further than the tolerance before or after ours. */
export function isInTolerance({ ms }: SignedTime, nowMs: number, toleranceSeconds: number): boolean {
  return Math.abs(nowMs - ms) <= toleranceSeconds * 1000;
}
