import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** How a run of the command ended, and what it wrote. */
export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  /** The only variables that it gets, beside PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Given on standard input; nothing by default. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
  /** A pipe that nobody reads: it is closed before the command can write to it. */
  readonly closed?: 'stdout' | 'stderr';
};

const PROGRAM = resolve(import.meta.dirname, '../bin/sluice.js');

/** Starts the real command; it ends with the test at the latest. */
export function startSluice(
  args: readonly string[],
  { env = {}, input = '', cwd, closed }: RunOptions = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  if (closed !== undefined) child[closed].destroy();
  const end = new Promise<Pick<Ended, 'code' | 'signal'>>((resolveEnd) => {
    child.once('close', (code, signal) => resolveEnd({ code, signal }));
  });
  const read = (name: 'stdout' | 'stderr') => (name === closed ? '' : text(child[name]));
  const ended = Promise.all([end, read('stdout'), read('stderr')]).then(([how, stdout, stderr]) => ({
    ...how,
    stdout,
    stderr,
  }));
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return { child, ended };
}

/** Runs the real command to its end. */
export function runSluice(args: readonly string[], options?: RunOptions): Promise<Ended> {
  return startSluice(args, options).ended;
}
