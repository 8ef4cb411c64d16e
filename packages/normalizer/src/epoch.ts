import { type Instant, splitFraction } from './calendar.ts';

/** A count from the epoch, its unit, and whether it is too short to be sure of. */
export type Epoch = { readonly instant: Instant; readonly unit: EpochUnit; readonly short: boolean };

/** The units of a count from the epoch, by how many digits stand behind the seconds. */
const SHIFTS = { seconds: 0, milliseconds: 3, microseconds: 6, nanoseconds: 9 } as const;
export type EpochUnit = keyof typeof SHIFTS;

const EPOCH = /^(-?)(\d{1,19})(?:\.(\d{1,12})\d*)?$/;

/** Fewer digits than this are times before March 1973: more likely something else, when they stand in a string. */
const USUAL_LENGTH = 9;

/**
 * Reads digits as a count from the epoch, in the unit that is given or that their number tells: up to 11 seconds,
 * up to 14 milliseconds, up to 17 microseconds, else nanoseconds. Null when they are no decimal number.
 */
export function readEpoch(text: string, givenUnit?: EpochUnit): Epoch | null {
  const match = EPOCH.exec(text);
  if (match === null) return null;
  const whole = (match[2] ?? '').replace(/^0+(?=\d)/, '');
  const unit = givenUnit ?? toUnit(whole.length);
  const shift = SHIFTS[unit];
  // Decimal text, because 1704067200.123 * 1000 is not the number of milliseconds.
  const seconds = whole.slice(0, Math.max(0, whole.length - shift));
  const { ms, beyondMs } = splitFraction(whole.slice(seconds.length).padStart(shift, '0') + (match[3] ?? ''));
  const instant = { epochMs: Number(seconds) * 1000 + ms, beyondMs };
  return { instant: match[1] === '-' ? negate(instant) : instant, unit, short: whole.length < USUAL_LENGTH };
}

/** Counts backwards; the digits beyond a millisecond count on from the whole one before, as those of a written second do. */
function negate({ epochMs, beyondMs }: Instant): Instant {
  if (beyondMs === '') return { epochMs: 0 - epochMs, beyondMs };
  const rest = 10n ** BigInt(beyondMs.length) - BigInt(beyondMs);
  return { epochMs: -epochMs - 1, beyondMs: String(rest).padStart(beyondMs.length, '0') };
}

function toUnit(length: number): EpochUnit {
  if (length <= 11) return 'seconds';
  if (length <= 14) return 'milliseconds';
  if (length <= 17) return 'microseconds';
  return 'nanoseconds';
}
