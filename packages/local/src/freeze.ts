import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 2;

/**
 * Stops processes from running, as a machine does that hangs: connections stay, nothing answers. Resolves when every
 * thread has stopped: until then one that was running may still answer.
 */
export async function freeze(pids: readonly number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  for (const pid of pids) while (await isRunning(pid)) await pause(LOOK_MS);
}

/** Lets frozen processes run again. */
export function thaw(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGCONT');
}

/** Where the system has no `/proc`, the signal is taken to have worked at once. */
async function isRunning(pid: number): Promise<boolean> {
  const folder = `/proc/${pid}/task`;
  const threads = await readdir(folder).catch(() => []);
  const states = await Promise.all(threads.map((thread) => readState(`${folder}/${thread}/stat`)));
  return states.some((state) => state !== null && !'TtZX'.includes(state));
}

/** Reads the one-letter state of a thread, which stands behind its name (proc_pid_stat(5)); null when it is gone. */
async function readState(file: string): Promise<string | null> {
  const stat = await readFile(file, 'utf8').catch(() => null);
  return stat?.charAt(stat.lastIndexOf(')') + 2) ?? null;
}
