import { type Mutant, MutantError } from './mutant.ts';
import { findLoadError, type Place, runTests } from './run-tests.ts';
import type { Tree } from './tree.ts';

/** What became of a mutant. */
export type Outcome =
  | { readonly kind: 'caught'; readonly by: string }
  | { readonly kind: 'survives'; readonly tests: number }
  /** It says nothing of the tests; `output` tells more. */
  | { readonly kind: 'invalid'; readonly reason: string; readonly output: string };

/** Breaks the copy with a mutant, runs its tests, and mends it again. */
export async function tryMutant(tree: Tree, mutant: Mutant, signal: AbortSignal): Promise<Outcome> {
  const place: Place = { dir: tree.dir, signal };
  let mend: () => Promise<void>;
  try {
    mend = await tree.put(mutant);
  } catch (error) {
    if (!(error instanceof MutantError)) throw error;
    return { kind: 'invalid', reason: error.message, output: '' };
  }
  try {
    const loadError = await findLoadError(place, mutant.file);
    if (loadError !== null) {
      return { kind: 'invalid', reason: `${mutant.file} cannot be loaded with it`, output: loadError };
    }
    const { verdict, output } = await runTests(place, mutant.tests, true);
    switch (verdict.kind) {
      case 'red':
        return { kind: 'caught', by: verdict.test };
      case 'green':
        return { kind: 'survives', tests: verdict.tests };
      case 'broken':
        return { kind: 'invalid', reason: verdict.reason, output };
    }
  } finally {
    await mend();
  }
}
