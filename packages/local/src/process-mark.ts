import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process, told apart from a later one that got the same number by the time of its start. */
export type ProcessMark = { readonly pid: number; readonly started: string };

/** Returns the mark of a process, or undefined when there is none of that number. */
export async function markProcess(pid: number): Promise<ProcessMark | undefined> {
  const started = await readStart(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Tells whether the process of a mark still runs. */
export async function isRunning(mark: ProcessMark): Promise<boolean> {
  return (await readStart(mark.pid)) === mark.started;
}

/** Reads a mark from JSON, as an object or as its text; undefined when it is none, for instance cut off by a crash. */
export function parseMark(json: unknown): ProcessMark | undefined {
  if (typeof json === 'string') return parseMark(parseJson(json));
  if (typeof json !== 'object' || json === null || !('pid' in json) || !('started' in json)) return undefined;
  const { pid, started } = json;
  return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? undefined : value;
  } catch {
    return undefined;
  }
}

async function readStart(pid: number): Promise<string | undefined> {
  if (!isThere(pid)) return undefined;
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // The second field is the program's name in brackets, which may hold blanks; the third is the state.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
  }
  const { stdout } = await run('ps', ['-o', 'lstart=', '-p', `${pid}`]).catch(() => ({ stdout: '' }));
  return stdout.trim() === '' ? undefined : stdout.trim();
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
