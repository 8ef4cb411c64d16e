/*
 * The life of a process.
 *
 * 1. `start` opens what the app needs, one thing after another, and adds each with the way to close it.
 * 2. The process runs until something asks it to end: SIGTERM, SIGINT, the end of a parent that speaks over IPC,
 *    or an error that nobody caught (`run-app.ts`).
 * 3. `close` turns `isClosing` on, so that probes fail and no new work comes, and closes in the reverse order:
 *    what was opened last depends on what was opened before it.
 * 4. All of it shares one deadline. What is not closed by then is named in the log and left behind.
 * 5. What is added while closing, because the end came during the start, is closed at once.
 */
import type { Logger } from './logger.ts';

/** Frees what was opened. */
export type Close = () => unknown;

/** What is open in a process, and how it ends. */
export type Lifecycle = {
  /** Remembers how to close something; the last added is closed first. */
  add(name: string, close: Close): void;
  /** Closes everything once, however often it is called; tells whether all of it closed in time, without error. */
  close(): Promise<boolean>;
  isClosing(): boolean;
};

/** Creates the lifecycle of a process; closing takes at most `timeoutMs`. */
export function createLifecycle({
  logger,
  timeoutMs,
}: {
  readonly logger: Logger;
  readonly timeoutMs: number;
}): Lifecycle {
  const open: { readonly name: string; readonly close: Close }[] = [];
  let closing: Promise<boolean> | undefined;
  let late: Promise<boolean> = Promise.resolve(true);

  return {
    add(name, close) {
      if (closing === undefined) open.push({ name, close });
      else late = Promise.all([late, closeOne(name, close)]).then((closed) => closed.every(Boolean));
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
    isClosing: () => closing !== undefined,
  };

  async function closeAll(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<'deadline'>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, 'deadline');
    });
    let clean = true;
    for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
      const outcome = await Promise.race([closeOne(entry.name, entry.close), deadline]);
      if (outcome === 'deadline') {
        const left = [entry.name, ...open.map(({ name }) => name).reverse()];
        logger.error({ timeoutMs, left }, 'process.close-timed-out');
        return false;
      }
      clean &&= outcome;
    }
    const outcome = await Promise.race([late, deadline]);
    clearTimeout(timer);
    return clean && outcome === true;
  }

  async function closeOne(name: string, close: Close): Promise<boolean> {
    try {
      await close();
      return true;
    } catch (error) {
      logger.error({ part: name, err: error }, 'process.close-failed');
      return false;
    }
  }
}
