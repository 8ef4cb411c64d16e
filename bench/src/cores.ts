import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The cores that this program may use, and two halves of them, as `taskset` writes them: `0,2`. */
export type Cores = { readonly all: string; readonly first: string; readonly second: string };

const run = promisify(execFile);

/** Finds the cores that this program may use; null where there is only one, or no `taskset` (util-linux). */
export async function findCores(): Promise<Cores | null> {
  try {
    const { stdout } = await run('taskset', ['-c', '-p', `${process.pid}`]);
    return halve(/[\d,-]+$/.exec(stdout.trim())?.[0] ?? '');
  } catch {
    return null;
  }
}

/** Halves a list of cores like `0,2-4`, the first half being the smaller one; null for fewer than two. */
export function halve(list: string): Cores | null {
  const all = list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, n) => from + n);
  });
  const half = Math.floor(all.length / 2);
  if (half === 0) return null;
  return { all: all.join(','), first: all.slice(0, half).join(','), second: all.slice(half).join(',') };
}

/**
 * Keeps processes on some cores: all threads that they have, and whatever they start from now on.
 *
 * @throws Error when one of them has ended
 */
export async function keepOnCores(pids: readonly number[], cores: string): Promise<void> {
  for (const pid of pids) await run('taskset', ['-a', '-c', '-p', cores, `${pid}`]);
}
