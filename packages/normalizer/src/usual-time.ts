import { toDayCount } from './calendar.ts';

/** `2024-01-31T12:30:00Z` and `2024-01-31T12:30:00.000Z`. */
const WITHOUT_MS = 20;
const WITH_MS = 24;

const ZERO = 48;
const DASH = 45;
const COLON = 58;
const DOT = 46;
const T = 84;
const Z = 90;

/**
 * Tells whether a text is a time as most programs write it: RFC 3339 in UTC with a capital T and Z, with milliseconds or
 * without a fraction, of the years 1970 to 2199. By its characters alone, because nearly every event has one.
 */
export function isUsualTime(text: string): boolean {
  const { length } = text;
  if (length !== WITHOUT_MS && length !== WITH_MS) return false;
  if (text.charCodeAt(length - 1) !== Z || text.charCodeAt(10) !== T) return false;
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return false;
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return false;
  if (
    length === WITH_MS &&
    !(text.charCodeAt(19) === DOT && toTwo(text, 20) >= 0 && toDigit(text, 22) >= 0)
  ) {
    return false;
  }
  const year = toTwo(text, 0) * 100 + toTwo(text, 2);
  const month = toTwo(text, 5);
  const day = toTwo(text, 8);
  // What is no digit makes it NaN, which is in no range.
  return (
    year >= 1970 &&
    year <= 2199 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= toDayCount(year, month) &&
    isUpTo(toTwo(text, 11), 23) &&
    isUpTo(toTwo(text, 14), 59) &&
    isUpTo(toTwo(text, 17), 59)
  );
}

function isUpTo(value: number, highest: number): boolean {
  return value >= 0 && value <= highest;
}

/** Returns the number that two digits make; NaN when one is none. */
function toTwo(text: string, at: number): number {
  return toDigit(text, at) * 10 + toDigit(text, at + 1);
}

function toDigit(text: string, at: number): number {
  const digit = text.charCodeAt(at) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
}
