import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Stats, statsSchema } from '@sluice/contracts/api';
import { type Stack, startStack } from '@sluice/local/stack';
import { ANY_PORTS } from '@sluice/local/stack-ports';
import { createTestNames } from '@sluice/local/test-names';
import { connectStore } from '@sluice/store/connection';
import { afterAll, expect, inject, vi } from 'vitest';
import { type Ended, type RunOptions, runSluice } from './sluice.ts';

/** A whole Sluice for a test file, and the command that talks to it. */
export type CliStack = {
  readonly stack: Stack;
  /** The variables of its processes, as far as the command reads them. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs the command against it. */
  readonly sluice: (args: readonly string[], options?: RunOptions) => Promise<Ended>;
  /** Runs the command with --json and returns what it answered. */
  readonly json: (
    args: readonly string[],
    options?: RunOptions,
  ) => Promise<{ code: number | null; value: never }>;
  /** Waits until nothing is in flight. */
  readonly settled: () => Promise<Stats>;
};

/** Starts the stack on the servers of this test run, at the top of a file; it is stopped after its last test. */
export async function startCliStack(settings: Readonly<Record<string, string>> = {}): Promise<CliStack> {
  const names = createTestNames();
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-cli-stack-'));
  const sourcesFile = join(dataDir, 'sources.yaml');
  await writeFile(sourcesFile, 'sources: [{ id: filed, kind: push }]\n');
  const own = {
    QUEUE_PREFIX: names.prefix,
    SOURCES_FILE: sourcesFile,
    AUTH: 'off',
    FAILURE_SIMULATION: 'on',
  };
  const stack = await startStack({
    root: resolve(import.meta.dirname, '../../..'),
    dataDir,
    redisUrl: inject('redisUrl'),
    mongodbUri: names.mongoUrl,
    ports: ANY_PORTS,
    workers: 1,
    schedulers: 1,
    env: { ...inject('hostEnv'), ...own, RETRY_BACKOFF_MS: '50', RETRY_ATTEMPTS: '2', ...settings },
    say: () => undefined,
  });
  afterAll(async () => {
    await stack.stop();
    const store = connectStore({ uri: names.mongoUrl, appName: 'cli-test' });
    await vi.waitFor(() => store.db.dropDatabase(), { timeout: 10_000 });
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const env = {
    QUEUE_PREFIX: names.prefix,
    SOURCES_FILE: sourcesFile,
    DATA_DIR: dataDir,
    SLUICE_URL: stack.apiUrl,
    REDIS_URL: stack.redisUrl,
    MONGODB_URI: stack.mongodbUri,
    INGEST_URL: stack.ingestUrl,
    LIVE_URL: stack.liveUrl,
    WORKER_PORT: toPort(stack.workers()[0]?.url),
    SCHEDULER_PORT: toPort(stack.schedulers()[0]?.url),
  };

  const sluice: CliStack['sluice'] = (args, options = {}) =>
    runSluice(args, { ...options, env: { ...env, ...options.env } });

  const json: CliStack['json'] = async (args, options) => {
    const { code, stdout, stderr } = await sluice([...args, '--json'], options);
    if (stdout === '') throw new Error(`sluice ${args.join(' ')} ended with ${code}: ${stderr}`);
    return { code, value: JSON.parse(stdout) as never };
  };

  async function settled(): Promise<Stats> {
    return vi.waitFor(
      async () => {
        const response = await fetch(new URL('/api/events/stats', stack.apiUrl));
        const stats = statsSchema.parse(await response.json());
        expect(stats.ledger).toMatchObject({ inFlight: 0, unaccounted: 0, balanced: true });
        // What ingest sent within the last second is not in the ledger yet.
        expect(stats.queue).toMatchObject({ waiting: 0, active: 0 });
        return stats;
      },
      { timeout: 50_000, interval: 200 },
    );
  }

  return { stack, env, sluice, json, settled };
}

function toPort(url: string | undefined): string {
  return new URL(url ?? '').port;
}
