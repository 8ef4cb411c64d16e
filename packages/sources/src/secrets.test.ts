import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { resolveAllSecrets, resolveSecrets } from './secrets.ts';

const env: Record<string, string> = { GITHUB: 'from-env', EMPTY: '' };
const readEnv = (name: string) => env[name];
const now = () => Date.parse('2026-06-01T00:00:00Z');

test('gives values and variables in the order of their declaration', () => {
  const secrets = [{ value: 'first' }, { env: 'GITHUB' }];
  expect(resolveSecrets({ id: 'a', secrets }, { readEnv, now }).readLive()).toEqual(['first', 'from-env']);
});

test('stops giving a secret at the moment it expires', () => {
  let at = Date.parse('2026-06-01T00:00:00Z');
  const secrets = [{ value: 'new' }, { value: 'old', expiresAt: '2026-06-02T00:00:00Z' }];
  const resolved = resolveSecrets({ id: 'a', secrets }, { readEnv, now: () => at });
  expect(resolved.readLive()).toEqual(['new', 'old']);
  at = Date.parse('2026-06-02T00:00:00Z');
  expect(resolved.readLive()).toEqual(['new']);
});

test('names every variable that is unset or empty', () => {
  const secrets = [{ env: 'MISSING' }, { env: 'EMPTY' }, { value: 'x' }];
  expect(() => resolveSecrets({ id: 'shop', secrets }, { readEnv, now })).toThrow(
    'Source shop takes its secret from MISSING and EMPTY, which are not set.',
  );
});

test('names every variable of every source at once', () => {
  const good = { id: 'good', secrets: [{ env: 'GITHUB' }] };
  const till = { id: 'till', secrets: [{ env: 'MISSING' }] };
  const shop = { id: 'shop', secrets: [{ env: 'ABSENT' }, { env: 'EMPTY' }] };
  expect(() => resolveAllSecrets([till, good, shop], { readEnv, now })).toThrow(
    `Secrets of 2 sources are missing:
  Source till takes its secret from MISSING, which is not set.
  Source shop takes its secret from ABSENT and EMPTY, which are not set.`,
  );
  expect(() => resolveAllSecrets([good, till], { readEnv, now })).toThrow(
    /^Source till takes its secret from MISSING, which is not set\.$/,
  );
  expect(resolveAllSecrets([good], { readEnv, now }).get('good')?.readLive()).toEqual(['from-env']);
});

test('does not need the variable of a secret that has expired', () => {
  const secrets = [{ env: 'MISSING', expiresAt: '2026-01-01T00:00:00Z' }];
  expect(resolveSecrets({ id: 'a', secrets }, { readEnv, now }).readLive()).toEqual([]);
});

test('shows no secret when it is logged', () => {
  const resolved = resolveSecrets({ id: 'a', secrets: [{ value: 'hunter2' }] }, { readEnv, now });
  expect(inspect(resolved, { depth: 9, showHidden: true }) + JSON.stringify(resolved)).not.toContain(
    'hunter2',
  );
});
