import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { giveWay } from './give-way.ts';
import type { Guard } from './guard.ts';
import { findTellingLine } from './logs.ts';
import type { Environment } from './say.ts';

/** An app to run, as one process. */
export type AppSpec = {
  /** Its folder below `apps`. */
  readonly name: string;
  /** Its name among its replicas, like `worker-2`; names its log, too. */
  readonly label: string;
  readonly env: Environment;
  /** Where `/readyz` is. */
  readonly probeUrl: string;
  /** Whether it leaves the processor to whoever else wants it; default no. */
  readonly givesWay?: boolean | undefined;
};

/** Where apps run: `root` holds `apps/`. */
export type AppHost = {
  readonly root: string;
  readonly logDir: string;
  readonly guard: Guard;
};

/** One process of an app, from its start to its end. */
export type AppRun = {
  readonly pid: number | undefined;
  readonly hasEnded: () => boolean;
  /** How it ended, in words: `SIGKILL`, or `code 1: the last line that tells why`. */
  readonly ended: Promise<string>;
  readonly signal: (signal: NodeJS.Signals) => void;
};

/**
 * Flags of every app's node; the Dockerfile has the same. Left alone, V8 makes the young generation 128 MiB on a large
 * machine and lets the old one grow to several times what is alive, which is 40 MiB here; neither makes it
 * faster. A third instead of the double makes it slower: ingest then takes a fifth more processor time.
 */
export const NODE_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=100'] as const;

/**
 * What has glibc give back what was a buffer, in every app; the Dockerfile has the same. In a minute at half load the worker took
 * 206 MiB instead of 219, and two rounds of the bench cost no more processor time. A young generation of 8 MiB cost a tenth.
 */
export const MALLOC_ENV = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' } as const;

/**
 * Those of the replicator, whose time nobody waits for: a full sync that copies then needs 200 MiB instead of 280. The
 * variable has glibc give back smaller buffers, too.
 */
export const LEAN_NODE_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=50'] as const;
export const LEAN_ENV = { MALLOC_MMAP_THRESHOLD_: '65536' } as const;

/** Compiled code is kept here, below `root`: an app is ready in 0.7 s instead of 1.2 s. */
const COMPILE_CACHE = 'node_modules/.cache/sluice';

/**
 * Starts `node apps/<name>/src/main.ts` with its output appended to `logFile`. It has an IPC channel, so that it
 * notices the end of this program, and a process group of its own, so that the terminal's Ctrl-C does not reach it.
 */
export function startAppRun(spec: AppSpec, host: AppHost, logFile: string): AppRun {
  const log = openSync(logFile, 'a');
  const begin = fstatSync(log).size;
  const isLean = spec.name === 'replicator';
  const flags = isLean ? LEAN_NODE_FLAGS : NODE_FLAGS;
  const child = spawn(process.execPath, [...flags, `apps/${spec.name}/src/main.ts`], {
    cwd: host.root,
    env: {
      NODE_COMPILE_CACHE: join(host.root, COMPILE_CACHE),
      ...MALLOC_ENV,
      ...(isLean ? LEAN_ENV : {}),
      ...spec.env,
    },
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const { pid } = child;
  if (pid !== undefined) {
    if (spec.givesWay === true) giveWay(pid);
    host.guard.add(pid, { signal: 'SIGTERM', stage: 1 });
  }
  let gone = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      // An error after the start concerns a signal or a message, and the process goes on.
      if (pid !== undefined) return;
      gone = true;
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      gone = true;
      if (pid !== undefined) host.guard.remove(pid);
      resolve(describeEnd(spec.name, code, signal, logFile, begin));
    });
  });
  return {
    pid,
    hasEnded: () => gone,
    ended,
    signal: (signal) => {
      if (!gone) child.kill(signal);
    },
  };
}

async function describeEnd(
  name: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  logFile: string,
  begin: number,
): Promise<string> {
  if (signal !== null) return signal;
  const line = findTellingLine(await readFrom(logFile, begin));
  if (line === undefined) return `code ${code}`;
  // Whoever tells of the end names the app, as it does itself before a plain sentence.
  const words = line.startsWith(`${name}: `) ? line.slice(name.length + 2) : line;
  return `code ${code}: ${words.replace(/\.$/, '')}`;
}

/** Only the end of a long log: what tells why is there. */
async function readFrom(file: string, begin: number): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size - begin, 64 * 1024);
    const { buffer } = await handle.read(
      Buffer.alloc(Math.max(length, 1)),
      0,
      Math.max(length, 1),
      size - length,
    );
    return buffer.toString('utf8', 0, Math.max(length, 0));
  } finally {
    await handle.close();
  }
}
