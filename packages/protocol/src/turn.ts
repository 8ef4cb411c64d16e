import { type KnownRaw, toReceiptId } from '@sluice/contracts/bulk';
import type { Candidate } from './candidate.ts';

/**
 * What an event may do about what is stored of it: act (as the returned candidate), `repeat` the stored outcome so
 * that the job which should exist for it is filed again, or nothing because a later run or attempt is known.
 */
export type Turn = Candidate | 'repeat' | 'stale';

/** Decides an event's turn against its stored form, which is not final. */
export function toTurn(candidate: Candidate, raw: KnownRaw): Turn {
  return candidate.batch === null ? toSingleTurn(candidate, raw) : toBatchTurn(candidate, raw);
}

/**
 * A dead event that comes in another batch than the one that brought it was sent again: it starts a new run. In
 * the same batch the delivery itself runs again after a crash, and only the event's own job is to be filed again,
 * as for one that waits for its retry; unless it has become a record by now.
 */
function toBatchTurn(candidate: Candidate, raw: KnownRaw): Turn {
  const { batch, event, verdict } = candidate;
  if (raw.status === 'dead') {
    if (batch !== null && raw.batch === toReceiptId(batch)) return 'repeat';
    return { ...candidate, run: Math.max(Date.parse(event.receivedAt), raw.run + 1), attempt: 1 };
  }
  if (verdict.kind !== 'record') return 'repeat';
  return { ...candidate, run: raw.run, attempt: raw.attempts + 1 };
}

/** An event with a job of its own never acts against a later run or attempt. */
function toSingleTurn(candidate: Candidate, raw: KnownRaw): Turn {
  if (candidate.run !== raw.run) return candidate.run < raw.run ? 'stale' : candidate;
  if (candidate.attempt < raw.attempts) return 'stale';
  if (candidate.attempt > raw.attempts) return candidate;
  // The same attempt again: it was written, then its worker died before the queue heard of it.
  if (raw.status === 'dead' || candidate.verdict.kind !== 'record') return 'repeat';
  return candidate;
}
