import type { Proof } from './proof.ts';

/**
 * What a mutant breaks: a promise of docs/guarantees.md by its number, or one of the rules that stand above them
 * all: `tenants` see only their own, `signatures` are checked over the bytes that came, and `access` is only for keys
 * that are in force, with a record of what they change.
 */
export type Broken = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 'tenants' | 'signatures' | 'access';

/** One way to break the product. */
export type Mutant = {
  /** In plain words, as of the broken product: `answers before the queue has the batch`. */
  readonly name: string;
  readonly breaks: Broken;
  /** The file to change, from the root. */
  readonly file: string;
  /** Text that occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Where it is expected to be caught. */
  readonly tests: Proof;
};

/** Tells that a mutant cannot be made as it is written. */
export class MutantError extends Error {
  override readonly name = 'MutantError';
}

/**
 * Returns a file's text with the mutant in it.
 *
 * @throws MutantError when the text to find is not there, or more than once: the mutant is out of date
 */
export function mutate(text: string, { file, find, replace }: Omit<Mutant, 'tests'>): string {
  const [before, after, ...more] = text.split(find);
  if (before === undefined || after === undefined) {
    throw new MutantError(`it is out of date: ${file} does not hold its text any more`);
  }
  if (more.length > 0) throw new MutantError(`it is out of date: ${file} holds its text more than once`);
  return before + replace + after;
}
