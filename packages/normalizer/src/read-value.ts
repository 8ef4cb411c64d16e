import type { JsonValue } from '@sluice/contracts/json';
import { type Guess, isRounded } from './warnings.ts';

/** A value as a field holds it; `precise` is what tells two records apart, where the value itself is rounded. */
export type ReadValue = {
  readonly value: JsonValue;
  readonly precise?: string;
  /** Set where two different things are written alike, so that the value tells no two records apart. */
  readonly isAmbiguous?: boolean;
  /** How a number that lost digits was written, null where that is not known; absent when none got lost. */
  readonly written?: string | null;
  readonly conversion?: string;
  readonly guesses: readonly Guess[];
};

/** Returns what tells two records apart; null where that is not known, because digits got lost or it is ambiguous. */
export function toDedupeValue({ value, precise, isAmbiguous, guesses }: ReadValue): JsonValue {
  return isAmbiguous === true || isRounded(guesses) ? null : (precise ?? value);
}
