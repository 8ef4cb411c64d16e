import type { JsonValue } from '@sluice/contracts/json';
import { isExactNumber } from './exact-number.ts';
import { toPointer } from './json-pointer.ts';
import type { ReadValue } from './read-value.ts';
import { findNumberEnd, findStringEnd } from './scan-json.ts';
import { type Guess, WARNINGS } from './warnings.ts';

const NO_GUESSES: readonly Guess[] = [];

/**
 * Lists the numbers of valid JSON that do not survive parsing, as what parsing makes of them. Another number of the
 * text may be the same without having lost anything; to take it for a rounded one only means to be careful with it.
 */
export function findRoundedNumbers(text: string): ReadonlySet<number> {
  const rounded = new Set<number>();
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '"') {
      at = findStringEnd(text, at);
      if (at < 0) break;
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      const end = findNumberEnd(text, at);
      const token = text.slice(at, end);
      if (!isExactNumber(token)) rounded.add(Number(token));
      at = end - 1;
    }
  }
  return rounded;
}

/** Returns the pointers of rounded numbers in a payload, `limit` at most. */
export function findRoundedPlaces(
  value: JsonValue,
  rounded: ReadonlySet<number>,
  limit: number,
  path: readonly (string | number)[] = [],
): string[] {
  if (typeof value === 'number') return rounded.has(value) ? [toPointer(path)] : [];
  if (typeof value !== 'object' || value === null) return [];
  const places: string[] = [];
  for (const [key, inner] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    if (typeof inner !== 'number' && typeof inner !== 'object') continue;
    places.push(...findRoundedPlaces(inner, rounded, limit - places.length, [...path, key]));
    if (places.length >= limit) break;
  }
  return places;
}

/** Tells whether a value is, or holds, a number that lost digits. */
export function holdsRounded(value: JsonValue, rounded: ReadonlySet<number> | undefined): boolean {
  return rounded !== undefined && findRoundedPlaces(value, rounded, 1).length > 0;
}

/** Adds the warning to what was read of a value that lost digits. */
export function withRounding(
  read: ReadValue,
  value: JsonValue,
  rounded: ReadonlySet<number> | undefined,
): ReadValue {
  if (rounded === undefined || isRounded(read.guesses) || !holdsRounded(value, rounded)) return read;
  return { ...read, guesses: [...read.guesses, roundedGuess()] };
}

/** Warns of a parsed number that no double keeps exactly, whatever is known of how it was written. */
export function toRoundedGuesses(value: JsonValue): readonly Guess[] {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return NO_GUESSES;
  // Of a fraction only its text tells: `findRoundedNumbers`.
  return Number.isInteger(value) || !Number.isFinite(value) ? [roundedGuess()] : NO_GUESSES;
}

/** Tells whether digits were lost, so that two values that look alike may differ. */
export function isRounded(guesses: readonly Guess[]): boolean {
  return guesses.some(({ code }) => code === WARNINGS.numberRounded);
}

/** Warns that a number has more digits than a double keeps. */
export function roundedGuess(): Guess {
  return { code: WARNINGS.numberRounded, detail: 'the number has more digits than can be kept' };
}
