import { ProblemException } from '@sluice/contracts/errors';
import type { Mapping } from '@sluice/contracts/mapping';
import { compileMapping } from '@sluice/normalizer/compile-mapping';

/** Something that is wrong with a declaration, and where in it. */
export type DeclarationProblem = { readonly path: readonly PropertyKey[]; readonly detail: string };

/** Checks what the schema of a mapping cannot say: paths, date formats, time zones, defaults. */
export function checkMapping(mapping: Mapping): DeclarationProblem[] {
  try {
    compileMapping(mapping);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemException) || error.errors === undefined) throw error;
    return error.errors.map(({ pointer, detail }) => ({ path: toPath(pointer), detail }));
  }
}

function toPath(pointer: string): PropertyKey[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step, index) => (index > 1 && /^\d+$/.test(step) ? Number(step) : step));
}
