import type { JsonValue } from '@sluice/contracts/json';
import { isExactNumber } from './exact-number.ts';
import { toPointer } from './json-pointer.ts';
import type { ReadValue } from './read-value.ts';
import { findNumberEnd, findStringEnd } from './scan-json.ts';
import { type Guess, isRounded, WARNINGS } from './warnings.ts';

const NO_GUESSES: readonly Guess[] = [];

/** Numbers that lost digits, as parsing made them, and how they were written; null where two were written otherwise. */
export type RoundedNumbers = ReadonlyMap<number, string | null>;

/** What a number that is read as a text is converted by. */
const AS_TEXT = 'number to string';

/** Longer numbers are not kept as texts: a name is no longer. */
const MAX_TEXT_CHARS = 100;

/**
 * Lists the numbers of valid JSON that do not survive parsing. Another number of the text may be the same without having
 * lost anything; to take it for a rounded one only means to be careful with it.
 */
export function findRoundedNumbers(text: string): RoundedNumbers {
  const rounded = new Map<number, string | null>();
  const written = new Map<number, string | null>();
  for (const token of listNumbers(text)) {
    const value = Number(token);
    const before = written.get(value);
    written.set(value, before === undefined || before === token ? token : null);
    if (!isExactNumber(token)) rounded.set(value, null);
  }
  for (const value of rounded.keys()) rounded.set(value, written.get(value) ?? null);
  return rounded;
}

function* listNumbers(text: string): Generator<string> {
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '"') {
      at = findStringEnd(text, at);
      if (at < 0) break;
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      const end = findNumberEnd(text, at);
      yield text.slice(at, end);
      at = end - 1;
    }
  }
}

/** Returns the pointers of rounded numbers in a payload, `limit` at most. */
export function findRoundedPlaces(
  value: JsonValue,
  rounded: RoundedNumbers,
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
export function holdsRounded(value: JsonValue, rounded: RoundedNumbers | undefined): boolean {
  return rounded !== undefined && findRoundedPlaces(value, rounded, 1).length > 0;
}

/** Adds to what was read of a value that lost digits: the warning, and how a number was written; a text becomes that. */
export function withRounding(
  read: ReadValue,
  value: JsonValue,
  rounded: RoundedNumbers | undefined,
): ReadValue {
  if (rounded === undefined || !holdsRounded(value, rounded)) return read;
  const guesses = isRounded(read.guesses) ? read.guesses : [...read.guesses, roundedGuess()];
  if (typeof value !== 'number') return { ...read, guesses };
  const text = rounded.get(value) ?? '';
  if (text === '' || text.length > MAX_TEXT_CHARS) return { ...read, guesses, written: null };
  return read.conversion === AS_TEXT
    ? { ...read, value: text, guesses: [keptGuess()], written: text }
    : { ...read, guesses, written: text };
}

/** Reads a finite number as a text. */
export function toNumberText(value: number): ReadValue {
  return { value: String(value), conversion: AS_TEXT, guesses: toRoundedGuesses(value) };
}

/** Warns of a parsed number that no double keeps exactly, whatever is known of how it was written. */
export function toRoundedGuesses(value: JsonValue): readonly Guess[] {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return NO_GUESSES;
  // Of a fraction only its text tells: `findRoundedNumbers`.
  return Number.isInteger(value) || !Number.isFinite(value) ? [roundedGuess()] : NO_GUESSES;
}

function keptGuess(): Guess {
  const detail = 'the number has more digits than can be kept as a number; it is kept as a text';
  return { code: WARNINGS.numberRounded, detail };
}

/** Warns that a number has more digits than a double keeps. */
export function roundedGuess(): Guess {
  return { code: WARNINGS.numberRounded, detail: 'the number has more digits than can be kept' };
}
