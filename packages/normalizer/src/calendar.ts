/** A moment as its parts say it; `month` is from 1, `fraction` the digits after the second's dot. */
export type CalendarTime = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fraction: string;
  /** Minutes ahead of UTC. */
  readonly offset: number;
};

/** A moment: whole milliseconds since the epoch, and the digits of the second beyond them. */
export type Instant = { readonly epochMs: number; readonly beyondMs: string };

/**
 * Counts a calendar time from the epoch (proleptic Gregorian). Null when there is no such time. `24:00:00` is the
 * next midnight and a leap second the second after it, as RFC 3339 and ISO 8601 allow both.
 */
export function toInstant(time: CalendarTime): Instant | null {
  const { year, month, day, hour, minute, second, fraction, offset } = time;
  const endOfDay = hour === 24 && minute === 0 && second === 0 && !/[1-9]/.test(fraction);
  if (month < 1 || month > 12 || day < 1 || day > toDayCount(year, month)) return null;
  if ((hour > 23 && !endOfDay) || minute > 59 || second > 60) return null;
  if (Math.abs(offset) > 18 * 60) return null;
  const { ms, beyondMs } = splitFraction(fraction);
  // Date.UTC reads the years 0 to 99 as 1900 to 1999; the year 2000 has every day, so set the year afterwards.
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year);
  const dayMs = hour * 3_600_000 + (minute - offset) * 60_000 + second * 1000 + ms;
  return { epochMs: date.getTime() + dayMs, beyondMs };
}

const NO_FRACTION = { ms: 0, beyondMs: '' } as const;

/** Splits the digits after a second's dot into milliseconds and what lies beyond them, without trailing zeros. */
export function splitFraction(fraction: string): { ms: number; beyondMs: string } {
  if (fraction === '') return NO_FRACTION;
  return { ms: Number(fraction.slice(0, 3).padEnd(3, '0')), beyondMs: fraction.slice(3).replace(/0+$/, '') };
}

/** Returns how many days a month (from 1) has. */
export function toDayCount(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
