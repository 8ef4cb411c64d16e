import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { StartError } from './say.ts';

const KEY_BYTES = 32;

/**
 * Returns the key in `file` that encrypts the secrets of sources (SECRETS_KEY); the first time it is made, readable by
 * its owner alone. Call it while the folder is locked.
 *
 * @throws StartError when the file holds something else, because a new key would not open what is stored
 */
export async function keepSecretsKey(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (kept === undefined) {
    const key = randomBytes(KEY_BYTES).toString('base64');
    await writeFile(file, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true });
    return key;
  }
  const key = kept.trim();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(key)) {
    throw new StartError(
      `${file} should hold the key that the secrets of sources are encrypted with, and does not. Restore it, or delete it and set those secrets anew.`,
    );
  }
  return key;
}
