/*
 * The copy of the project in which the product is broken.
 *
 *  1. Every file that git tracks, or would, is copied as it is on disk.
 *  2. `node_modules` holds links to the real entries, but its own `@sluice`, which leads to the copied workspaces:
 *     Node takes the real path of a link, so a link to the whole folder would load the unbroken packages.
 *  3. It is checked that every module of every package, asked for by its name, is the copied one.
 *  4. One mutant at a time is written into it, and taken back.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Mutant, mutate } from './mutant.ts';

const run = promisify(execFile);

/** A copy of the project. */
export type Tree = {
  readonly dir: string;
  /** How many modules were checked to be the copied ones. */
  readonly modules: number;
  /**
   * Writes a mutant into its file and returns how to take it back.
   *
   * @throws MutantError when it is out of date
   */
  put(mutant: Mutant): Promise<() => Promise<void>>;
  remove(): Promise<void>;
};

/** Copies the project below `root` into a temporary folder. */
export async function copyTree(root: string): Promise<Tree> {
  const dir = await mkdtemp(join(await realpath(tmpdir()), 'sluice-mutants-'));
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    const files = await listFiles(root);
    for (const file of files) await cp(join(root, file), join(dir, file));
    await linkModules(root, dir, files);
    return { dir, modules: checkModules(dir, files), put: (mutant) => put(dir, mutant), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** New files belong to it too: a changed file may import one. */
async function listFiles(root: string): Promise<string[]> {
  const list = async (...kind: string[]) =>
    (await run('git', ['ls-files', '-z', ...kind], { cwd: root, maxBuffer: 64 * 1024 ** 2 })).stdout
      .split('\0')
      .filter((file) => file !== '');
  const gone = new Set(await list('--deleted'));
  const files = await list('--cached', '--others', '--exclude-standard');
  return files.filter((file) => !gone.has(file));
}

async function linkModules(root: string, dir: string, files: readonly string[]): Promise<void> {
  const workspaces = files.filter((file) => file.endsWith('/package.json')).map(dirname);
  for (const place of ['.', ...workspaces]) {
    const names = await readdir(join(root, place, 'node_modules')).catch(() => []);
    const wanted = names.filter((name) => name !== '@sluice' && (!name.startsWith('.') || name === '.bin'));
    await mkdir(join(dir, place, 'node_modules'), { recursive: true });
    for (const name of wanted) {
      await symlink(join(root, place, 'node_modules', name), join(dir, place, 'node_modules', name));
    }
  }
  await mkdir(join(dir, 'node_modules/@sluice'));
  for (const place of workspaces) {
    const { name } = JSON.parse(await readFile(join(dir, place, 'package.json'), 'utf8')) as {
      name?: string;
    };
    if (name?.startsWith('@sluice/') !== true) continue;
    await symlink(join(dir, place), join(dir, 'node_modules', name));
  }
}

/** Asks for every module of every package by its name, and returns how many there are. */
function checkModules(dir: string, files: readonly string[]): number {
  const { resolve } = createRequire(join(dir, 'package.json'));
  let count = 0;
  for (const file of files) {
    const [, name, path] = /^packages\/([^/]+)\/src\/(.+)\.ts$/.exec(file) ?? [];
    if (name === undefined || path === undefined || path.endsWith('.test')) continue;
    const found = resolve(`@sluice/${name}/${path}`);
    if (found !== join(dir, file))
      throw new Error(`@sluice/${name}/${path} is ${found}, outside of the copy.`);
    count += 1;
  }
  if (count === 0) throw new Error('No module of a package was found in the copy.');
  return count;
}

async function put(dir: string, mutant: Mutant): Promise<() => Promise<void>> {
  const path = join(dir, mutant.file);
  const text = await readFile(path, 'utf8');
  await writeFile(path, mutate(text, mutant));
  return () => writeFile(path, text);
}
