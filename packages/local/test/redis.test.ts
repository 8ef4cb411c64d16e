import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, inject, it, onTestFinished } from 'vitest';
import { findFreePort } from '../src/ports.ts';
import { type RedisOptions, startRedis } from '../src/redis.ts';
import type { LocalServer } from '../src/server-process.ts';
import { makeTestFolder } from '../src/test-folder.ts';

async function start(options: Partial<RedisOptions> & { dir: string }): Promise<LocalServer> {
  const server = await startRedis({
    appendfsync: 'always',
    env: inject('hostEnv'),
    say: () => undefined,
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

async function withClient<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

it('keeps what it holds over a stop and a kill, on another port', async () => {
  const dir = await makeTestFolder();
  const first = await start({ dir });
  await withClient(first.url, (client) => client.set('orders', '7'));
  await first.stop();

  const second = await start({ dir });
  expect(second.url).not.toBe(first.url);
  expect(await withClient(second.url, (client) => client.incr('orders'))).toBe(8);
  for (const pid of second.pids) process.kill(pid, 'SIGKILL');
  await second.ended;

  const third = await start({ dir });
  expect(await withClient(third.url, (client) => client.get('orders'))).toBe('8');
});

it('appends, syncs and never evicts, as it was told', async () => {
  const { url } = await start({ dir: await makeTestFolder(), maxmemoryBytes: 64 * 1024 ** 2 });
  const settings = await withClient(url, (client) =>
    client.config('GET', 'a*', 'maxmemory*', 'save', 'bind', 'rdbcompression'),
  );
  const read = Object.fromEntries(Object.entries(toPairs(settings)));
  expect(read).toMatchObject({
    appendonly: 'yes',
    appendfsync: 'always',
    maxmemory: `${64 * 1024 ** 2}`,
    'maxmemory-policy': 'noeviction',
    save: '',
    'auto-aof-rewrite-min-size': `${256 * 1024 ** 2}`,
    rdbcompression: 'no',
    bind: '127.0.0.1',
  });
});

it('refuses a port that is taken, in one sentence with the log', async () => {
  const dir = await makeTestFolder();
  const port = await findFreePort();
  const other = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  await expect(start({ dir, port })).rejects.toThrow(
    new RegExp(`^The Redis server on port ${port} ended with code 1: .+\\. Its log is ${dir}/redis.log\\.$`),
  );
});

it('refuses a folder that another server uses', async () => {
  const dir = await makeTestFolder();
  const first = await start({ dir });
  await expect(start({ dir })).rejects.toThrow(
    `Another Redis server (process ${first.pids[0]}) uses ${dir}.`,
  );
});

it('names the log when the data is spoilt', async () => {
  const dir = await makeTestFolder();
  const first = await start({ dir });
  await first.stop();
  await writeFile(join(dir, 'appendonlydir', 'appendonly.aof.1.incr.aof'), 'not a command\n');
  await expect(start({ dir })).rejects.toThrow(/ended with code 1: .*(AOF|append only).*redis\.log\.$/);
});

function toPairs(answer: unknown): Record<string, unknown> {
  if (!Array.isArray(answer)) return Object(answer);
  const pairs: [string, unknown][] = [];
  for (let i = 0; i < answer.length; i += 2) pairs.push([String(answer[i]), answer[i + 1]]);
  return Object.fromEntries(pairs);
}
