import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createTestNames } from '@sluice/local/test-names';
import { MongoClient } from 'mongodb';
import { afterAll, describe, expect, inject, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const MINUTES = 60_000;

describe('npm run demo -- --once', () => {
  const { mongoUrl, database, prefix } = createTestNames();
  const folders: string[] = [];

  afterAll(async () => {
    const client = await MongoClient.connect(mongoUrl);
    await client.db(database).dropDatabase();
    await client.close();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  /** Runs the demo to its end; `onLine` hears every line that it prints. */
  async function runDemo(
    onLine: (line: string, pid: number) => void,
  ): Promise<{ code: number; text: string }> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
    folders.push(dataDir);
    const child = spawn(process.execPath, ['demo/src/main.ts', '--once'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...inject('hostEnv'),
        DATA_DIR: dataDir,
        REDIS_URL: inject('redisUrl'),
        MONGODB_URI: mongoUrl,
        QUEUE_PREFIX: prefix,
        INGEST_PORT: '0',
        API_PORT: '0',
        LIVE_PORT: '0',
        WORKER_PORT: '0',
        SCHEDULER_PORT: '0',
        INGEST_METRICS_PORT: '0',
        API_METRICS_PORT: '0',
        LIVE_METRICS_PORT: '0',
      },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const line of chunk.split('\n')) onLine(line, child.pid ?? 0);
    });
    const [code] = await once(child, 'exit');
    return { code, text };
  }

  async function countInMongo(): Promise<Record<string, number>> {
    const client = await MongoClient.connect(mongoUrl);
    try {
      const db = client.db(database);
      const counts = await db
        .collection('raw_events')
        .aggregate<{ _id: string; n: number }>([{ $group: { _id: '$status', n: { $sum: 1 } } }])
        .toArray();
      const records = await db.collection('normalized_events').countDocuments();
      return { ...Object.fromEntries(counts.map(({ _id, n }) => [_id, n])), records };
    } finally {
      await client.close();
    }
  }

  it('balances, and its counts are those of MongoDB', { timeout: 4 * MINUTES }, async () => {
    const { code, text } = await runDemo(() => undefined);
    expect(code, text).toBe(0);
    const { normalized = 0, duplicate = 0, dead = 0, records, ...others } = await countInMongo();
    expect(others).toEqual({});
    expect(records).toBe(normalized);
    const accepted = normalized + duplicate + dead;
    expect(text.replaceAll(',', '')).toContain(
      `accepted ${accepted} = normalized ${normalized} + duplicate ${duplicate} + dead ${dead} + in flight 0`,
    );
    expect(readTable(text)).toEqual(await readmeTable());
  });

  it('ends with the same table when a worker is killed in the middle', { timeout: 5 * MINUTES }, async () => {
    let killed: Promise<number> | undefined;
    const { code, text } = await runDemo((line, pid) => {
      if (/settled\W+[1-9]/.test(line)) killed ??= killWorker(pid);
    });
    expect(await killed).toBeGreaterThan(0);
    expect(code, text).toBe(0);
    expect(readTable(text)).toEqual(await readmeTable());
  });
});

/** Kills the first worker that a process has started, and returns its id. */
async function killWorker(parent: number): Promise<number> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const [stat, command] = await Promise.all([
      readFile(`/proc/${entry}/stat`, 'utf8').catch(() => ''),
      readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => ''),
    ]);
    const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (ppid !== parent || !command.includes('apps/worker/')) continue;
    process.kill(Number(entry), 'SIGKILL');
    return Number(entry);
  }
  throw new Error(`Process ${parent} has no worker.`);
}

/** Returns the lines that tell a count and end with a tick: all but the times, which no two runs share. */
function readTable(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trimEnd().endsWith('✓'))
    .map((line) => line.trim().replaceAll(/\s+/g, ' '));
}

/** The README promises this table. */
async function readmeTable(): Promise<string[]> {
  const rows = readTable(await readFile(join(ROOT, 'README.md'), 'utf8'));
  expect(rows.length).toBeGreaterThan(10);
  return rows;
}
