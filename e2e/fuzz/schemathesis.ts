import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { toCacheDir } from '@sluice/local/cache-dir';
import { type Environment, type Say, StartError } from '@sluice/local/say';

const run = promisify(execFile);

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const INSTALL_TIMEOUT_MS = 300_000;

/** How to find Schemathesis. */
export type SchemathesisOptions = {
  readonly env: Environment;
  readonly say: Say;
  readonly signal: AbortSignal;
};

/**
 * Returns the folder of Schemathesis with all that it needs, at the versions of `requirements.txt`; the first time pip
 * fetches them into the cache. Python finds them there by PYTHONPATH, so no venv is needed, which Debian has apart.
 *
 * @throws StartError saying what to install
 */
export async function findSchemathesis({ env, say, signal }: SchemathesisOptions): Promise<string> {
  const version = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 12);
  const folder = toCacheDir(env, `schemathesis-${version}`);
  if (existsSync(folder)) return folder;
  const python = (...args: string[]) =>
    run('python3', args, { env: { ...env }, signal, timeout: INSTALL_TIMEOUT_MS });
  await python('-m', 'pip', '--version').catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new StartError('The fuzzing test needs python3 (3.11 or newer) with pip: install them first.', {
      cause,
    });
  });
  say(`Fetching Schemathesis (about 35 MB, once) with pip; it is kept in ${folder}.`);
  await mkdir(dirname(folder), { recursive: true });
  // A folder of its own and a rename, so that two at once cannot spoil each other.
  const fetched = await mkdtemp(`${folder}-`);
  try {
    const options = [
      '--quiet',
      '--disable-pip-version-check',
      '--no-input',
      '--no-deps',
      '--only-binary=:all:',
    ];
    await python('-m', 'pip', 'install', ...options, '--target', fetched, '-r', REQUIREMENTS);
    await rename(fetched, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } catch (cause) {
    signal.throwIfAborted();
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw new StartError(`pip could not fetch Schemathesis: ${said.split('\n').at(-1)}`, { cause });
  } finally {
    await rm(fetched, { recursive: true, force: true });
  }
  return folder;
}
