/*
 * Says what is wrong with a declaration in words for the person who wrote it. What zod says is for programs: of a
 * union it lists what every form would have wanted. Here the form that was meant is found first, by what is there.
 * Nothing that stands where a secret belongs is ever quoted.
 */
import { findNear } from '@sluice/contracts/near';
import { toPlainIssue } from '@sluice/contracts/plain-issue';
import type { z } from 'zod';
import type { DeclarationProblem } from './check-mapping.ts';
import { listKinds, listKnownKeys, readAt } from './known-keys.ts';

/** Explains what a schema found wrong in a declaration. */
export function explainIssues(
  schema: z.core.$ZodType,
  issues: readonly z.core.$ZodIssue[],
  content: unknown,
): DeclarationProblem[] {
  return issues.flatMap((issue) => explain(schema, issue, content));
}

function explain(
  schema: z.core.$ZodType,
  issue: z.core.$ZodIssue,
  content: unknown,
): readonly DeclarationProblem[] {
  const { path } = issue;
  const given = readAt(content, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = listKnownKeys(schema, path, content);
      return issue.keys.map((key) => explainKey(path, key, known));
    }
    case 'invalid_union':
      return explainUnion(schema, issue, content);
    case 'invalid_value':
      return [{ path, detail: toExpected(issue.values.map(String), given) }];
    case 'invalid_key':
      return [{ path, detail: lowerFirst(issue.issues[0]?.message ?? issue.message) }];
    default: {
      // A list at the top is the commonest mistake of all.
      const isTop = path.length === 0 && Array.isArray(given);
      return [
        { path, detail: isTop ? 'begin with `sources:`, and the list below it' : toWords(issue.message) },
      ];
    }
  }
}

function explainKey(path: readonly PropertyKey[], key: string, known: readonly string[]): DeclarationProblem {
  // YAML takes `secret:hunter2` for a key without a value.
  const glued = known.find((name) => key.startsWith(`${name}:`));
  if (glued !== undefined) return { path, detail: `a space is missing after ${glued}:` };
  const meant = findNear(key, known) ?? known.find((name) => name.toLowerCase() === key.toLowerCase());
  // Half of a value that holds a comma stands there as a key.
  if (meant === undefined && isSecretPlace(path)) {
    const detail = `something in it is unknown; known are ${known.join(', ')}; a value with a comma needs quotes`;
    return { path, detail };
  }
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
  return { path: [...path, key], detail: `unknown; ${hint}` };
}

function explainUnion(
  schema: z.core.$ZodType,
  { path, errors, message }: z.core.$ZodIssueInvalidUnion,
  content: unknown,
): readonly DeclarationProblem[] {
  const given = readAt(content, path);
  const forms = errors.map((issues) => issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })));
  if (isSecretPlace(path)) return explainSecret(schema, path, forms, content);
  if (forms.length === 0) return [{ path, detail: toExpected(listKinds(schema, path, content), given) }];
  if (given === undefined) return [{ path, detail: 'missing' }];
  if (path.at(-1) === 'scheme' && given === 'hmac') {
    return [{ path, detail: 'hmac needs to know how: { type: hmac, header: name-of-the-header }' }];
  }
  const meant = forms.find((issues) => !isOfOtherKind(issues, path, given)) ?? forms.at(-1);
  return meant === undefined
    ? [{ path, detail: lowerFirst(message) }]
    : explainIssues(schema, meant, content);
}

/** Tells whether the value as a whole is of another kind than a form wants. */
function isOfOtherKind(
  issues: readonly z.core.$ZodIssue[],
  path: readonly PropertyKey[],
  given: unknown,
): boolean {
  return issues.some(
    (issue) =>
      issue.path.length === path.length &&
      (issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof given !== 'string')),
  );
}

function isSecretPlace(path: readonly PropertyKey[]): boolean {
  return path.at(-1) === 'secret' || path.at(-2) === 'secrets';
}

/** Explains a secret by the form that was meant: the one whose field is there. */
function explainSecret(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  forms: readonly (readonly z.core.$ZodIssue[])[],
  content: unknown,
): readonly DeclarationProblem[] {
  const given = readAt(content, path);
  const keys = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  const named = ['value', 'env', 'set'].filter((key) => keys.includes(key));
  const [key] = named;
  if (key === undefined || named.length > 1) {
    const expires = path.at(-1) === 'secret' ? '' : ', and expiresAt where it ends';
    return [{ path, detail: `expected either value or env (the name of a variable)${expires}` }];
  }
  const knows = (issues: readonly z.core.$ZodIssue[]) =>
    !issues.some((issue) => issue.code === 'unrecognized_keys' && issue.keys.includes(key));
  return explainIssues(schema, forms.find(knows) ?? [], content);
}

function toExpected(values: readonly string[], given: unknown): string {
  const list = values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
  const expected = `expected ${list}`;
  if (given === undefined) return `missing; ${expected}`;
  const near = typeof given === 'string' ? findNear(given, values) : undefined;
  return near === undefined ? expected : `${expected}; did you mean ${near}?`;
}

function toWords(message: string): string {
  const plain = toPlainIssue(message);
  return plain === message ? lowerFirst(message) : plain;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
