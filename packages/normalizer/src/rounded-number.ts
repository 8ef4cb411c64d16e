import type { JsonValue } from '@sluice/contracts/json';
import { type Guess, WARNINGS } from './warnings.ts';

const NO_GUESSES: readonly Guess[] = [];

/** Warns of a parsed number that may have been written with more digits than a double keeps: those are gone. */
export function toRoundedGuesses(value: JsonValue): readonly Guess[] {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return NO_GUESSES;
  // Of a fraction only digits that no source means are lost.
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
