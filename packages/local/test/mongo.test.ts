import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { expect, inject, it, onTestFinished } from 'vitest';
import { type MongoOptions, startMongo } from '../src/mongo.ts';
import { findFreePort } from '../src/ports.ts';
import type { LocalServer } from '../src/server-process.ts';
import { makeTestFolder } from '../src/test-folder.ts';

async function start(options: Partial<MongoOptions> & { dir: string }): Promise<LocalServer> {
  const server = await startMongo({ env: inject('hostEnv'), say: () => undefined, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function countOrders(url: string, added: number): Promise<number> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000 });
  try {
    const orders = client.db('shop').collection('orders');
    await client.withSession((session) =>
      session.withTransaction(async () => {
        for (let i = 0; i < added; i += 1) await orders.insertOne({ i }, { session });
      }),
    );
    return await orders.countDocuments();
  } finally {
    await client.close();
  }
}

it('keeps what it holds over a stop and a kill, on another port', async () => {
  const dir = await makeTestFolder();
  const first = await start({ dir });
  expect(await countOrders(first.url, 2)).toBe(2);
  await first.stop();

  const second = await start({ dir });
  expect(second.url).not.toBe(first.url);
  expect(await countOrders(second.url, 1)).toBe(3);
  for (const pid of second.pids) process.kill(pid, 'SIGKILL');
  await second.ended;

  const third = await start({ dir });
  expect(await countOrders(third.url, 0)).toBe(3);
});

it('makes a set of three that survives its primary', async () => {
  const set = await start({ dir: await makeTestFolder(), members: 3 });
  expect(set.pids).toHaveLength(3);
  expect(await countOrders(set.url, 1)).toBe(1);
  const client = new MongoClient(set.url);
  onTestFinished(() => client.close());
  const { me } = await client.db('admin').command({ hello: 1 });
  const hosts = set.url.slice('mongodb://'.length, set.url.indexOf('/?')).split(',');
  const pid = set.pids[hosts.indexOf(me)];
  if (pid === undefined) throw new Error('no primary');
  process.kill(pid, 'SIGKILL');
  await set.ended;
  expect(await countOrders(set.url, 1)).toBe(2);
});

it('refuses a port that is taken, in one sentence with the log', async () => {
  const port = await findFreePort();
  await start({ dir: await makeTestFolder(), port });
  const dir = await makeTestFolder();
  await expect(start({ dir, port })).rejects.toThrow(
    new RegExp(
      `^The MongoDB server on port ${port} ended with code 48: .*Address already in use.* Its log is ${dir}/m0/mongod.log\\.$`,
    ),
  );
});

it('refuses a folder that another server uses', async () => {
  const dir = await makeTestFolder();
  await start({ dir });
  await expect(start({ dir })).rejects.toThrow(
    /ended with code \d+: .*DBPathInUse.* Its log is .*mongod\.log\.$/s,
  );
});

it('names the log when the data is spoilt', async () => {
  const dir = await makeTestFolder();
  const first = await start({ dir });
  await first.stop();
  await writeFile(join(dir, 'm0', 'WiredTiger.turtle'), 'nonsense');
  await writeFile(join(dir, 'm0', 'WiredTiger.wt'), 'nonsense');
  await expect(start({ dir })).rejects.toThrow(/ended with .+: .+\. Its log is .*mongod\.log\.$/);
});
