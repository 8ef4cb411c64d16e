import { type KnownRaw, toReceiptId } from '@sluice/contracts/bulk';
import type { Candidate } from './candidate.ts';

/**
 * What an event may do about what is stored of it: act (as the returned candidate), `repeat` the stored outcome so
 * that the job which should exist for it is filed again, or nothing because a later run or attempt is known.
 */
export type Turn = Candidate | 'repeat' | 'stale';

/** Decides an event's turn against its stored form, which is not final. */
export function toTurn(candidate: Candidate, raw: KnownRaw): Turn {
  switch (candidate.origin) {
    case 'delivery':
      return toDeliveryTurn(candidate, raw);
    case 'parked':
      return toParkedTurn(candidate, raw);
    case 'single':
      return toSingleTurn(candidate, raw);
  }
}

/**
 * A dead event that is delivered again, in another batch or through the inbox, starts a new run: its sender wants it to
 * be tried. Not so one that we read again ourselves, as pollers do with their last records at every run: it would die at
 * each of them, and what a person discarded would come back. When it is the same delivery that runs again after a crash,
 * only the event's own job is to be filed again, as for one that waits for its retry; unless it has become a record by now.
 */
function toDeliveryTurn(candidate: Candidate, raw: KnownRaw): Turn {
  const { event, verdict } = candidate;
  if (raw.status === 'dead') {
    if (isSameDelivery(candidate, raw)) return 'repeat';
    // Out of the inbox it may be the same delivery, whose job is to be filed.
    if (event.via === 'poll') return candidate.batch === null ? 'repeat' : 'stale';
    return { ...candidate, run: Math.max(Date.parse(event.receivedAt), raw.run + 1), attempt: 1 };
  }
  if (verdict.kind !== 'record') return 'repeat';
  return { ...candidate, run: raw.run, attempt: raw.attempts + 1 };
}

/** Out of the inbox an event comes without a batch: it is covered by any run that began after it was received. */
function isSameDelivery({ batch, event }: Candidate, raw: KnownRaw): boolean {
  if (batch !== null) return raw.batch === toReceiptId(batch);
  return raw.run >= Date.parse(event.receivedAt);
}

/** A parked event goes on where it waits; one that left its parked job before a crash has its own job filed again. */
function toParkedTurn(candidate: Candidate, raw: KnownRaw): Turn {
  if (raw.status !== 'pending') return 'repeat';
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
