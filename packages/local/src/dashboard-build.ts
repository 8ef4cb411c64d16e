import { execFile } from 'node:child_process';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Say, StartError } from './say.ts';

const run = promisify(execFile);

/** How long building may take, in ms. */
const BUILD_TIMEOUT_MS = 120_000;

/** What the build is made of, below the folder of the dashboard. */
const SOURCES = [
  'src',
  'public',
  'index.html',
  'vite.config.ts',
  'package.json',
  '../../packages/contracts/src',
];

/**
 * Builds the dashboard, unless its last build is newer than everything it is made of; an installation without the
 * sources, like a container, uses the build that it has.
 *
 * @throws StartError when it cannot be built
 */
export async function buildDashboard(root: string, say: Say): Promise<void> {
  const folder = join(root, 'apps', 'dashboard');
  const built = await readTime(join(folder, 'dist', 'index.html'));
  if ((await readTime(join(folder, 'src'))) === 0) return;
  const changed = Math.max(...(await Promise.all(SOURCES.map((name) => readNewest(join(folder, name))))));
  if (built > changed) return;
  say('Building the dashboard; this happens once.');
  // A folder of its own, so that nobody is ever served a half of it, and two builds do not meet.
  const fresh = join(folder, '.cache', `dist-${process.pid}`);
  try {
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    await run(process.execPath, [vite, 'build', '--logLevel', 'error', '--outDir', fresh], {
      cwd: folder,
      timeout: BUILD_TIMEOUT_MS,
    });
    await replace(join(folder, 'dist'), fresh);
  } catch (cause) {
    const { stderr = '' } = cause as { readonly stderr?: string };
    throw new StartError(`The dashboard could not be built: ${stderr.trim() || String(cause)}`, { cause });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Puts a build into the place of the one before; when two do so at once, the last one stays. */
async function replace(folder: string, fresh: string): Promise<void> {
  const old = `${fresh}-old`;
  for (let isDone = false; !isDone; ) {
    await rename(folder, old).catch(pass('ENOENT'));
    isDone = await rename(fresh, folder).then(() => true, pass('ENOTEMPTY', 'EEXIST'));
    await rm(old, { recursive: true, force: true });
  }
}

/** Makes false of an expected error. */
function pass(...codes: readonly string[]): (error: NodeJS.ErrnoException) => false {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error;
    return false;
  };
}

/** Returns when anything in a file or folder was last changed, in epoch ms; 0 when it is not there. */
async function readNewest(path: string): Promise<number> {
  const own = await readTime(path);
  if (own === 0) return 0;
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  const times = entries.map((entry) => readTime(join(entry.parentPath, entry.name)));
  return Math.max(own, ...(await Promise.all(times)));
}

async function readTime(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}
