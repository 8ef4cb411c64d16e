import type { PollSource, SchemeOptions, Source } from '@sluice/contracts/source';
import { parsePath } from '@sluice/normalizer/payload-path';
import type { RoundedNumbers } from '@sluice/normalizer/rounded-number';
import { checkMapping, type DeclarationProblem } from './check-mapping.ts';
import { checkSchedule } from './poll/schedule.ts';
import type { SourceBody } from './source-sealer.ts';

/**
 * Checks what the schema of a source cannot say. No secret is ever part of what it says. `rounded` as for `checkMapping`.
 */
export function checkSource(source: Source | SourceBody, rounded?: RoundedNumbers): DeclarationProblem[] {
  const mapping =
    'mapping' in source && source.mapping !== undefined ? checkMapping(source.mapping, rounded) : [];
  return [
    ...(source.kind === 'push' ? checkPush(source) : checkPoll(source)),
    ...mapping.map(({ path, detail }) => ({ path: ['mapping', ...path], detail })),
  ];
}

function checkPush({ scheme, secrets }: Extract<SourceBody, { kind: 'push' }>): DeclarationProblem[] {
  const path = ['secrets'];
  const problems = checkScheme(scheme);
  if (scheme.type === 'none' && secrets.length > 0) {
    const detail = 'secrets without a scheme check nothing; name the scheme, or leave them out';
    return [...problems, { path, detail }];
  }
  if (scheme.type !== 'none' && secrets.length === 0) {
    const detail = `scheme ${scheme.type} needs a secret; without one every request is refused`;
    return [...problems, { path, detail }];
  }
  for (const [index, secret] of secrets.entries()) {
    const detail = 'value' in secret ? findSecretProblem(scheme.type, secret.value) : null;
    if (detail !== null) problems.push({ path: ['secrets', index, 'value'], detail });
  }
  return problems;
}

const PLACEHOLDERS = /\{(?:body|timestamp|header:[A-Za-z0-9-]{1,64})\}/g;

function checkScheme(scheme: SchemeOptions): DeclarationProblem[] {
  if (scheme.type !== 'hmac') return [];
  const unknown = /\{[a-z]+(?::[^}]*)?\}/i.exec(scheme.content.replace(PLACEHOLDERS, ''))?.[0];
  if (unknown === undefined) return [];
  const detail = `${unknown} stands for nothing; known are {body}, {timestamp} and {header:name}`;
  return [{ path: ['scheme', 'content'], detail }];
}

/** Says why no request could ever be signed with a secret; null when one could. */
function findSecretProblem(scheme: SchemeOptions['type'], secret: string): string | null {
  if (scheme === 'basic') return /^[^:]+:./.test(secret) ? null : 'expected user:password';
  if (scheme !== 'standard-webhooks') return null;
  const expected = 'expected base64 with whsec_ before it or nothing, or a public key that begins with whpk_';
  if (secret.startsWith('whpk_')) {
    return toByteCount(secret.slice('whpk_'.length)) === 32 ? null : `${expected} and has 32 bytes`;
  }
  return toByteCount(secret.replace(/^whsec_/, '')) === null ? expected : null;
}

/** Returns how many bytes a base64 text holds; null when it is none, or empty. */
function toByteCount(text: string): number | null {
  const bytes = Buffer.from(text, 'base64');
  const isCanonical = bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  return isCanonical && bytes.length > 0 ? bytes.length : null;
}

type PollBody = Omit<PollSource, 'mapping'>;

function checkPoll(source: PollBody): DeclarationProblem[] {
  const { url, schedule, auth, format, recordsPath, cursor, pageParam, delimiter } = source;
  const { username, password } = new URL(url);
  const isPaged = cursor.kind === 'page' && pageParam !== undefined;
  const hasLinkPath = cursor.kind === 'link' && cursor.path !== undefined;
  const found: readonly (readonly [boolean, readonly string[], string])[] = [
    [
      username !== '' || password !== '',
      ['url'],
      'a password here could be read by others; use auth: { type: basic, username, secret }',
    ],
    [
      auth?.type === 'basic' && auth.username.includes(':'),
      ['auth', 'username'],
      'a user name cannot hold a colon',
    ],
    [
      format !== 'json' && recordsPath !== '',
      ['recordsPath'],
      `${format} has no such path; each line is a record`,
    ],
    [format !== 'csv' && delimiter !== ',', ['delimiter'], 'only CSV has one; expected format: csv'],
    [isPaged, ['pageParam'], 'the param of a cursor of kind page is the page number already'],
    [
      hasLinkPath && format !== 'json',
      ['cursor', 'path'],
      `${format} has no such path; leave it out to follow the Link header`,
    ],
  ];
  const wrongSchedule = checkSchedule(schedule);
  const fields = 'write six fields: second, minute, hour, day of month, month, day of week';
  return [
    ...found.filter(([isWrong]) => isWrong).map(([, path, detail]) => ({ path, detail })),
    ...(wrongSchedule === null ? [] : [{ path: ['schedule'], detail: `${wrongSchedule}; ${fields}` }]),
    ...checkPaths(source),
  ];
}

function checkPaths({ recordsPath, idPath, versionPath, cursor, format }: PollBody): DeclarationProblem[] {
  // A column of CSV may be called anything.
  if (format === 'csv') return [];
  const cursorPath = cursor.kind === 'page' ? undefined : cursor.path;
  const paths = [
    [['recordsPath'], recordsPath],
    [['idPath'], idPath],
    [['versionPath'], versionPath],
    [['cursor', 'path'], cursorPath],
  ] as const;
  return paths
    .filter(([, value = '']) => value !== '' && parsePath(value) === null)
    .map(([path]) => ({ path, detail: 'expected names with dots between them; \\. is a dot in a name' }));
}
