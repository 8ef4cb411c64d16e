import type { JsonValue } from '@sluice/contracts/json';
import { type Guess, WARNINGS } from './warnings.ts';

/** A yes or no read from a value; `conversion` says what had to be done, absent when nothing had. */
export type ReadBoolean = {
  readonly value: boolean;
  readonly conversion?: string;
  readonly guesses: readonly Guess[];
};

/** The words that mean yes and no, in English, German, French, Spanish and Italian. */
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1', 'ja', 'wahr', 'oui', 'vrai', 'sí', 'si', 'sì'].map(toEntry(true)),
  ...['vero', 'verdadero'].map(toEntry(true)),
  ...['false', 'no', 'off', '0', 'nein', 'falsch', 'non', 'faux', 'falso'].map(toEntry(false)),
]);

/** Letters that stand for such a word, which is a guess. */
const LETTERS: ReadonlyMap<string, boolean> = new Map([
  ...['y', 't', 'j'].map(toEntry(true)),
  ...['n', 'f'].map(toEntry(false)),
]);

/** Longer than any word; also keeps long texts from being copied into lower case. */
const MAX_LENGTH = 16;

/**
 * Reads a boolean as people and old systems write it: `true`, `1`, and the words `true yes on 1 ja wahr oui vrai
 * sí si sì vero verdadero` and `false no off 0 nein falsch non faux falso` in any case. The letters `y t j n f` are
 * read too, as a guess. Null for anything else, all other numbers included.
 */
export function coerceBoolean(value: JsonValue): ReadBoolean | null {
  if (typeof value === 'boolean') return { value, guesses: [] };
  if (value === 0 || value === 1) {
    return { value: value === 1, conversion: 'number to boolean', guesses: [] };
  }
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return null;
  const word = value.trim().toLowerCase();
  const conversion = 'string to boolean';
  const certain = WORDS.get(word);
  if (certain !== undefined) return { value: certain, conversion, guesses: [] };
  const guessed = LETTERS.get(word);
  return guessed === undefined ? null : { value: guessed, conversion, guesses: [letterGuess(guessed)] };
}

function toEntry(value: boolean): (word: string) => readonly [string, boolean] {
  return (word) => [word, value];
}

function letterGuess(value: boolean): Guess {
  return { code: WARNINGS.booleanGuessed, detail: `a single letter was read as ${value ? 'yes' : 'no'}` };
}
