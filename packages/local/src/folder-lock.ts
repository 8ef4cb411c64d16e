import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, markProcess, type ProcessMark, parseMark } from './process-mark.ts';
import { StartError, toMessage } from './say.ts';

/** A lock file that this process holds. */
export type FolderLock = {
  /** Gives the lock back. */
  readonly release: () => Promise<void>;
};

// Longer than a guard takes to end what a killed run left behind.
const LEFTOVERS_DEADLINE_MS = 30_000;
const POLL_MS = 100;

/**
 * Takes the lock `file` for as long as this process lives. It also names the guard of the run: when the last run
 * was killed, its guard may still be ending its processes, so this waits for it, up to 30 s, and calls `onWait`.
 *
 * @throws StartError when another process that still runs holds the lock; `inUse` says so in a sentence
 */
export async function takeFolderLock(options: {
  readonly file: string;
  readonly guardPid: number;
  readonly inUse: (pid: number) => string;
  readonly onWait: () => void;
}): Promise<FolderLock> {
  const { file } = options;
  const holder = await markProcess(process.pid);
  const guard = await markProcess(options.guardPid);
  const mine = `${file}.${process.pid}`;
  await writeFile(mine, `${JSON.stringify(holder ?? {})}\n${JSON.stringify(guard ?? {})}\n`);
  try {
    // Two programs that start at once must not both win: only one of them can make the link.
    while (!(await succeeds(link(mine, file), 'EEXIST'))) await clearStale(options);
  } finally {
    await rm(mine, { force: true });
  }
  return { release: () => rm(file, { force: true }) };
}

async function clearStale(options: Parameters<typeof takeFolderLock>[0]): Promise<void> {
  const text = await readFile(options.file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const { holder, guard } = parseHolders(text);
  if (holder !== undefined && (await isRunning(holder))) throw new StartError(options.inUse(holder.pid));
  if (guard !== undefined && (await isRunning(guard))) {
    options.onWait();
    await waitUntilGone(guard);
  }
  // Whoever moves the stale file away first may go on; a fresh lock that was moved by mistake is put back.
  const aside = `${options.file}.stale.${process.pid}`;
  if (!(await succeeds(rename(options.file, aside), 'ENOENT'))) return;
  if ((await readFile(aside, 'utf8')) !== text) await succeeds(link(aside, options.file), 'EEXIST');
  await rm(aside, { force: true });
}

async function waitUntilGone(mark: ProcessMark): Promise<void> {
  const deadline = performance.now() + LEFTOVERS_DEADLINE_MS;
  while (await isRunning(mark)) {
    if (performance.now() > deadline) {
      throw new StartError(`The processes of the last run do not end; process ${mark.pid} waits for them.`);
    }
    await delay(POLL_MS);
  }
}

/** A file that was cut off by a crash names nobody, which makes it stale. */
function parseHolders(text: string): { holder?: ProcessMark | undefined; guard?: ProcessMark | undefined } {
  const [holder, guard] = text.split('\n');
  return { holder: parseMark(holder), guard: parseMark(guard) };
}

async function succeeds(operation: Promise<void>, expectedCode: string): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === expectedCode) return false;
    throw new StartError(`The lock cannot be taken: ${toMessage(error)}.`, { cause: error });
  }
}
