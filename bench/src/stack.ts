import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Stats, statsSchema } from '@sluice/contracts/api';
import { type Stack, startStack } from '@sluice/local/stack';

const ROOT = resolve(import.meta.dirname, '../..');
const ANY = 0;

/** A Sluice to be measured, without a worker at first. */
export type BenchStack = {
  readonly stack: Stack;
  readonly readStats: () => Promise<Stats>;
  readonly stop: () => Promise<void>;
};

/** Starts Redis, MongoDB and the apps on free ports, on data that is removed afterwards. */
export async function startBenchStack(appendfsync: 'always' | 'everysec'): Promise<BenchStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const stack = await startStack({
    root: ROOT,
    dataDir,
    appendfsync,
    ports: {
      INGEST_PORT: ANY,
      API_PORT: ANY,
      LIVE_PORT: ANY,
      WORKER_PORT: ANY,
      SCHEDULER_PORT: ANY,
      INGEST_METRICS_PORT: ANY,
      API_METRICS_PORT: ANY,
      LIVE_METRICS_PORT: ANY,
    },
    workers: 0,
    schedulers: 1,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], AUTH: 'off' },
    say: (sentence) => process.stderr.write(`${sentence}\n`),
  });
  return {
    stack,
    readStats: async () => {
      const response = await fetch(new URL('/api/events/stats', stack.apiUrl));
      return statsSchema.parse(await response.json());
    },
    stop: async () => {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts the server that does nothing and returns its address. */
export async function startNoop(): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'noop-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout === null) throw new TypeError('The server has no output.');
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${chunk.toString().trim()}`, child };
}
