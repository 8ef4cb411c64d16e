import { IANAZone } from 'luxon';
import { type Guess, WARNINGS } from './warnings.ts';

/** A time zone that a declaration names. */
export type TimeZone = {
  readonly name: string;
  /**
   * Finds the moment at which clocks of the zone show a time, given as milliseconds from the epoch as if it were
   * UTC. A time that the clocks skip is read with the offset from before, one that they show twice is the first of
   * the two; `guess` says so.
   */
  toMoment(localMs: number): Moment;
};

/** A moment; `isAmbiguous` when clocks showed its time twice, `isSkipped` when they never did. */
type Moment = {
  readonly epochMs: number;
  readonly guess?: Guess;
  readonly isAmbiguous?: boolean;
  readonly isSkipped?: boolean;
};

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Days whose offset is remembered, for each zone. */
const MAX_CACHED_DAYS = 1024;

const OFFSET = /^(?:(?:UTC|GMT)(?=$|[-+])|(?=[-+]))(?:([-+])(\d{1,2})(?::?(\d\d))?)?$/i;

/** The abbreviations that are zones of the IANA database. Intl knows others, and takes BST for that of Bangladesh. */
const ABBREVIATION = /^[a-z]{3}$/i;
const IANA_ABBREVIATIONS = new Set('CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET'.split(' '));

/**
 * Parses an IANA zone (`Europe/Berlin`) or an offset (`+02:00`, `UTC-5`); null when there is no such zone, or an
 * abbreviation that several have.
 */
export function parseTimeZone(name: string): TimeZone | null {
  const offset = OFFSET.exec(name);
  if (offset !== null) return toFixedZone(name, offset);
  if (ABBREVIATION.test(name) && !IANA_ABBREVIATIONS.has(name.toUpperCase())) return null;
  return IANAZone.isValidZone(name) ? toIanaZone(IANAZone.create(name)) : null;
}

function toFixedZone(name: string, [, sign, hours, minutes]: RegExpExecArray): TimeZone | null {
  const total = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  if (total > 18 * 60 || Number(minutes ?? 0) > 59) return null;
  const aheadMs = (sign === '-' ? -total : total) * MINUTE_MS;
  return { name, toMoment: (localMs) => ({ epochMs: localMs - aheadMs }) };
}

function toIanaZone(zone: IANAZone): TimeZone {
  // Asking Intl costs microseconds, and most events are of few days: remember the days on which no clock changes.
  const steadyDays = new Map<number, number | null>();
  const toSteadyOffset = (localMs: number): number | null => {
    const day = Math.floor(localMs / DAY_MS);
    const cached = steadyDays.get(day);
    if (cached !== undefined) return cached;
    const before = toOffsetMs(zone, (day - 1) * DAY_MS);
    const steady = before === toOffsetMs(zone, (day + 2) * DAY_MS) ? before : null;
    if (steadyDays.size >= MAX_CACHED_DAYS) steadyDays.clear();
    steadyDays.set(day, steady);
    return steady;
  };
  return {
    name: zone.name,
    toMoment(localMs) {
      const steady = toSteadyOffset(localMs);
      return steady === null ? toMomentNearChange(zone, localMs) : { epochMs: localMs - steady };
    },
  };
}

/** Tries the offsets from a day before and after: none fits in a gap, both fit where clocks are put back. */
function toMomentNearChange(zone: IANAZone, localMs: number): Moment {
  const earlier = toOffsetMs(zone, localMs - DAY_MS);
  const later = toOffsetMs(zone, localMs + DAY_MS);
  const moments = [localMs - earlier, localMs - later];
  const fitting = moments.filter((epochMs) => epochMs + toOffsetMs(zone, epochMs) === localMs);
  if (fitting.length === 0) {
    const detail = 'the clocks of the zone skipped this time; the offset from before was used';
    return { epochMs: localMs - earlier, guess: { code: WARNINGS.clockChanged, detail }, isSkipped: true };
  }
  const epochMs = Math.min(...fitting);
  if (Math.max(...fitting) === epochMs) return { epochMs };
  const detail = 'the clocks of the zone showed this time twice; the first was taken';
  return { epochMs, guess: { code: WARNINGS.clockChanged, detail }, isAmbiguous: true };
}

/** Whole milliseconds: offsets before standard time have seconds. */
function toOffsetMs(zone: IANAZone, epochMs: number): number {
  return Math.round(zone.offset(epochMs) * MINUTE_MS);
}
