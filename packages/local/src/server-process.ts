import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { giveWay } from './give-way.ts';
import type { Guard, GuardedEnd } from './guard.ts';
import { findTellingLine, rotateLog } from './logs.ts';
import { StartError } from './say.ts';

/** A running Redis or MongoDB. `pids` are those of its processes, for tests that freeze or kill them. */
export type LocalServer = {
  readonly url: string;
  /** What runs, which version, where it came from, and where its data is; for people. */
  readonly about: string;
  readonly pids: readonly number[];
  /** Settles when a process of the server has ended, told or not. */
  readonly ended: Promise<void>;
  /** Ends it in an orderly way, and by force after 10 s, or at once with `force`. */
  readonly stop: (how?: { readonly force: boolean }) => Promise<void>;
};

/** One child process of ours: its log goes to a file, its guard ends it if this program dies. */
export type ServerProcess = {
  readonly pid: number;
  readonly hasEnded: () => boolean;
  readonly ended: Promise<void>;
  readonly stop: (how?: { readonly force: boolean }) => Promise<void>;
  /** Waits for `ready`, or throws a `StartError` with the log's last telling line when the process ends first. */
  readonly waitFor: <T>(ready: Promise<T>) => Promise<T>;
};

/** How to start a server process. */
export type ServerProcessOptions = {
  /** Its name in a sentence: "The Redis server". */
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly guard: Guard;
  readonly end: GuardedEnd;
  /** Whether it leaves the processor to whoever else wants it; default no. */
  readonly givesWay?: boolean | undefined;
};

const STOP_DEADLINE_MS = 10_000;

/**
 * Starts a server program in a process group of its own, so that the terminal's Ctrl-C does not reach it before
 * its users have drained. Throws `StartError` when the program cannot be run.
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  await mkdir(dirname(options.logFile), { recursive: true });
  await rotateLog(options.logFile);
  const log = await open(options.logFile, 'a');
  let child: ChildProcess;
  try {
    child = spawn(options.program, options.args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  } finally {
    await log.close();
  }
  const { pid } = child;
  if (pid === undefined) {
    const [error] = await once(child, 'error');
    throw new StartError(`${options.title} cannot be started: ${String(error?.message ?? error)}.`);
  }
  if (options.givesWay === true) giveWay(pid);
  options.guard.add(pid, options.end);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      options.guard.remove(pid);
      resolve();
    });
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;

  async function stop(how?: { readonly force: boolean }): Promise<void> {
    if (hasEnded()) return;
    child.kill(how?.force === true ? 'SIGKILL' : options.end.signal);
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await ended;
    clearTimeout(force);
  }

  async function explainEnd(): Promise<StartError> {
    const how = child.signalCode === null ? `code ${child.exitCode}` : child.signalCode;
    const line = findTellingLine(await readFile(options.logFile, 'utf8'));
    const why = line === undefined ? '' : `: ${line.replace(/\.$/, '')}`;
    return new StartError(`${options.title} ended with ${how}${why}. Its log is ${options.logFile}.`);
  }

  return {
    pid,
    hasEnded,
    ended,
    stop,
    waitFor: async (ready) => {
      const early = ended.then(async () => Promise.reject(await explainEnd()));
      return Promise.race([ready, early]);
    },
  };
}

/** Returns a promise that stays pending: `waitFor(neverSettles())` waits for the end of a process and tells why. */
export function neverSettles(): Promise<never> {
  return new Promise(() => undefined);
}
