import { ProblemException } from '@sluice/contracts/errors';
import type { Mapping } from '@sluice/contracts/mapping';
import { compileMapping } from '@sluice/normalizer/compile-mapping';
import type { RoundedNumbers } from '@sluice/normalizer/rounded-number';

const TOO_MANY_DIGITS = 'the number has more digits than can be kept';

/** Something that is wrong with a declaration, and where in it. */
export type DeclarationProblem = { readonly path: readonly PropertyKey[]; readonly detail: string };

const NONE_ROUNDED: RoundedNumbers = new Map();

/**
 * Checks what the schema of a mapping cannot say: paths, date formats, time zones, defaults. `rounded` are the numbers that
 * lost digits when its text was parsed (default: none did).
 */
export function checkMapping(mapping: Mapping, rounded: RoundedNumbers = NONE_ROUNDED): DeclarationProblem[] {
  const unusable = findUnusable(mapping);
  if (rounded.size === 0) return unusable;
  const told = new Set(unusable.map(({ path }) => path.join('/')));
  return [...unusable, ...findRounded(mapping, rounded).filter(({ path }) => !told.has(path.join('/')))];
}

function findUnusable(mapping: Mapping): DeclarationProblem[] {
  try {
    compileMapping(mapping);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemException) || error.errors === undefined) throw error;
    return error.errors.map(({ pointer, detail }) => ({ path: toPath(pointer), detail }));
  }
}

/** Finds the numbers of a mapping that would be others than were written. */
function findRounded({ fields, versions }: Mapping, rounded: RoundedNumbers): DeclarationProblem[] {
  return [
    ...findRoundedIn(fields, ['fields'], rounded),
    ...Object.entries(versions).flatMap(([version, own]) =>
      findRoundedIn(own.fields, ['versions', version, 'fields'], rounded),
    ),
  ];
}

function findRoundedIn(
  fields: Mapping['fields'],
  base: readonly PropertyKey[],
  rounded: RoundedNumbers,
): DeclarationProblem[] {
  const isRounded = (value: unknown) => typeof value === 'number' && rounded.has(value);
  return Object.entries(fields).flatMap(([name, { as, default: fallback, blank = [] }]) => {
    const asText = as === 'string' || as === 'any' ? '; put it in quotes to keep it as a text' : '';
    const ofDefault = { path: [...base, name, 'default'], detail: `${TOO_MANY_DIGITS}${asText}` };
    const ofBlank = blank.flatMap((value, index) =>
      isRounded(value) ? [{ path: [...base, name, 'blank', index], detail: TOO_MANY_DIGITS }] : [],
    );
    return isRounded(fallback) ? [ofDefault, ...ofBlank] : ofBlank;
  });
}

function toPath(pointer: string): PropertyKey[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step, index) => (index > 1 && /^\d+$/.test(step) ? Number(step) : step));
}
