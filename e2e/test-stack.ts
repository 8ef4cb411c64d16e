import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Stats, statsSchema } from '@sluice/contracts/api';
import { type Stack, startStack } from '@sluice/local/stack';
import { ANY_PORTS } from '@sluice/local/stack-ports';
import { createTestNames } from '@sluice/local/test-names';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, inject } from 'vitest';
import { watchAnswers } from './openapi/watch-answers.ts';
import { openSettling } from './settling.ts';

/** A whole Sluice for one test file, and its database to ask behind the service's back. */
export type TestStack = {
  readonly stack: Stack;
  readonly db: Db;
  /** Sends JSON and returns the status and the parsed answer. */
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>;
  /** Asks the api. */
  readonly get: (path: string) => Promise<Answer>;
  readonly stats: () => Promise<Stats>;
  /** Waits until all that was accepted before has come to its end, and returns the ledger's numbers then. */
  readonly settled: () => Promise<Stats>;
};

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: never };

const ROOT = resolve(import.meta.dirname, '..');

/** Starts the stack on the servers of this test run; it is stopped after the file's last test. Its answers are checked. */
export async function startTestStack({
  env = {},
  sources = 'sources: []\n',
  workers = 2,
  backup,
  root = ROOT,
}: {
  readonly env?: Record<string, string>;
  readonly sources?: string;
  readonly workers?: number;
  /** Address of a database to copy everything to; none by default. */
  readonly backup?: string | undefined;
  /** Where the apps are run from; this checkout by default. */
  readonly root?: string;
} = {}): Promise<TestStack> {
  const names = createTestNames();
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-e2e-'));
  const sourcesFile = join(dataDir, 'sources.yaml');
  await writeFile(sourcesFile, sources);
  const said: string[] = [];
  const stack = await startStack({
    root,
    dataDir,
    redisUrl: inject('redisUrl'),
    mongodbUri: names.mongoUrl,
    ports: ANY_PORTS,
    workers,
    ...(backup === undefined ? {} : { backup: { uri: backup } }),
    schedulers: 1,
    env: {
      ...inject('hostEnv'),
      QUEUE_PREFIX: names.prefix,
      SOURCES_FILE: sourcesFile,
      AUTH: 'off',
      FAILURE_SIMULATION: 'on',
      RETRY_BACKOFF_MS: '100',
      ...env,
    },
    say: (line) => said.push(line),
  });
  await watchAnswers(stack.apiUrl, stack.ingestUrl, stack.liveUrl);
  const client = await MongoClient.connect(names.mongoUrl);
  const db = client.db(names.database);
  const settling = openSettling({ redisUrl: inject('redisUrl'), ...names });
  afterAll(async () => {
    await settling.close();
    await stack.stop();
    await db.dropDatabase();
    await client.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return toAnswer(
      await fetch(new URL(path, stack.ingestUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: text,
      }),
    );
  }

  async function get(path: string): Promise<Answer> {
    return toAnswer(await fetch(new URL(path, stack.apiUrl)));
  }

  async function stats(): Promise<Stats> {
    return statsSchema.parse((await get('/api/events/stats')).body);
  }

  return { stack, db, post, get, stats, settled: settling.settled };
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as never };
}

/** Reads what every app of a stack has logged. */
export async function readLogs(stack: Stack): Promise<string> {
  const apps = [stack.app('ingest'), stack.app('api'), stack.app('live'), ...stack.workers()];
  const logs = await Promise.all(apps.map(({ logFile }) => readFile(logFile, 'utf8')));
  return logs.join('\n');
}
