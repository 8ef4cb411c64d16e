import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/**
 * The life of a guard:
 *   1. `createGuard` starts `guard.sh` in a session of its own, so that Ctrl-C in the terminal does not reach it.
 *   2. Every process that must not outlive this one is written into the guard's pipe, and crossed out when it ends.
 *   3. `close` closes the pipe; with nothing left on its list the script ends at once.
 *   4. If this process is killed, the system closes the pipe, and the script ends what is on its list.
 *   5. A guard that was killed is started again with the same list.
 */
export type Guard = {
  /** The process of the script; 0 when there is no shell. */
  readonly pid: () => number;
  /** Puts a process on the list. Stage 1 (the apps) is ended before stage 2 (the servers that they use). */
  readonly add: (pid: number, how: GuardedEnd) => void;
  /** Takes a process that has ended off the list. */
  readonly remove: (pid: number) => void;
  /** Ends the guard. */
  readonly close: () => Promise<void>;
};

/** How a guarded process is told to end, and in which stage. */
export type GuardedEnd = { readonly signal: 'SIGTERM' | 'SIGINT'; readonly stage: 1 | 2 };

const MAX_LAUNCHES = 10;
const SCRIPT = join(import.meta.dirname, 'guard.sh');

/** Starts a guard: a tiny shell process that ends its list of processes if this process dies without doing so. */
export function createGuard(): Guard {
  const list = new Map<number, GuardedEnd>();
  let closed = false;
  let launches = 0;
  let script = launch();

  function launch(): ChildProcess {
    launches += 1;
    const child = spawn('/bin/sh', [SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    // Without a shell, or with a guard that was just killed, the processes run unguarded until the exit below.
    child.on('error', () => undefined);
    child.stdin?.on('error', () => undefined);
    child.once('exit', () => {
      // A shell that cannot run the script would be started for ever.
      if (closed || launches === MAX_LAUNCHES) return;
      script = launch();
      for (const [pid, how] of list) write(script, pid, how);
    });
    // The guard must not keep a program alive that has nothing else to do.
    child.unref();
    if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function') {
      child.stdin.unref();
    }
    return child;
  }

  return {
    pid: () => script.pid ?? 0,
    add: (pid, how) => {
      list.set(pid, how);
      write(script, pid, how);
    },
    remove: (pid) => {
      if (list.delete(pid)) script.stdin?.write(`remove ${pid}\n`);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      const running = script.pid !== undefined && script.exitCode === null && script.signalCode === null;
      const ended = running ? once(script, 'exit') : undefined;
      script.ref();
      script.stdin?.end();
      await ended;
    },
  };
}

function write(script: ChildProcess, pid: number, how: GuardedEnd): void {
  script.stdin?.write(`add ${pid} ${how.signal.slice('SIG'.length)} ${how.stage}\n`);
}
