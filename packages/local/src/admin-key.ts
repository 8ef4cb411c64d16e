import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from './say.ts';

/** Returns where the api of a stack writes the first admin key: beside the data, unless BOOTSTRAP_KEY_FILE names a place. */
export function toAdminKeyFile(env: Environment, dataDir: string): string {
  return env['BOOTSTRAP_KEY_FILE'] || join(dataDir, 'admin.key');
}

/** Returns the key in such a file; undefined when it is not there. */
export async function readAdminKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Says how a person gets in where keys are asked for: `before` and `after` are what the file held before and after the
 * start. A key is shown only by the start that made it.
 */
export function toKeyNotice(keys: {
  readonly file: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}): string {
  const { file, before, after } = keys;
  if (after === undefined) return 'Keys are asked for.';
  if (after === before) return `Keys are asked for; the first admin key is in ${file}.`;
  return [
    `Keys are asked for. The first admin key, shown this once and kept in ${file}, which only you can read:`,
    '',
    `    ${after}`,
    '',
    'Sign in with it at /sign-in, or send it as `Authorization: Bearer <key>`. Delete the file once the key is kept elsewhere.',
  ].join('\n');
}
