import type { JsonValue } from '@sluice/contracts/json';
import type { Guess } from './warnings.ts';

/** A value as a field holds it; `precise` is what tells two records apart, where the value itself is rounded. */
export type ReadValue = {
  readonly value: JsonValue;
  readonly precise?: string;
  readonly conversion?: string;
  readonly guesses: readonly Guess[];
};
