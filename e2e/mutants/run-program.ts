import { type ChildProcess, spawn } from 'node:child_process';

/** How a program ended. */
export type Ended = {
  /** Null when it was killed. */
  readonly code: number | null;
  /** The end of what it wrote. */
  readonly output: string;
};

export type RunOptions = {
  readonly cwd: string;
  /** How long it may run before it is killed. */
  readonly timeoutMs: number;
  /** Kills it. */
  readonly signal: AbortSignal;
};

const OUTPUT_CHARS = 16_000;

/** How long what is told to end may take before it is killed. */
const GRACE_MS = 5000;

/** Runs Node with these arguments until it ends, in a process group of its own, which ends with it. */
export function runNode(args: readonly string[], { cwd, timeoutMs, signal }: RunOptions): Promise<Ended> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_CHARS);
    });
  }
  const end = (): void => {
    killGroup(child, 'SIGTERM');
    setTimeout(() => killGroup(child, 'SIGKILL'), GRACE_MS).unref();
  };
  const timer = setTimeout(end, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      // What a broken product left behind in a busy loop.
      killGroup(child, 'SIGKILL');
      resolve({ code, output });
    });
  });
}

function killGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended.
  }
}
