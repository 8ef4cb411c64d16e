import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import type { KeptApp } from '../src/kept-app.ts';
import { findFreePort, probePort } from '../src/ports.ts';
import { type Stack, type StackOptions, startStack } from '../src/stack.ts';
import { ANY_PORTS } from '../src/stack-ports.ts';
import { makeTestFolder } from '../src/test-folder.ts';
import { listRunning } from './fixtures/list-running.ts';

const root = join(import.meta.dirname, 'fixtures');

async function start(
  options: Partial<StackOptions> & { dataDir: string },
): Promise<{ stack: Stack; said: string[] }> {
  const said: string[] = [];
  const stack = await startStack({
    root,
    ports: ANY_PORTS,
    workers: 1,
    schedulers: 1,
    env: inject('hostEnv'),
    say: (sentence) => said.push(sentence),
    ...options,
  });
  onTestFinished(() => stack.stop());
  return { stack, said };
}

/** The stores of the test run, so that a test about apps need not start its own. */
const givenStores = (): { redisUrl: string; mongodbUri: string } => ({
  redisUrl: inject('redisUrl'),
  mongodbUri: inject('mongoUrl'),
});

function listPids(stack: Stack): number[] {
  const apps = [
    stack.app('ingest'),
    stack.app('api'),
    stack.app('live'),
    ...stack.schedulers(),
    ...stack.workers(),
  ];
  const pids = apps.map((app) => app.pid()).filter((pid) => pid !== undefined);
  return [...pids, ...(stack.redis?.pids() ?? []), ...(stack.mongo?.pids() ?? [])];
}

async function ask(app: KeptApp): Promise<unknown> {
  const answer = await fetch(`${app.url}/readyz`);
  return answer.json();
}

it('starts servers and apps, stops the apps before the servers, and leaves nothing', async () => {
  const dataDir = await makeTestFolder();
  const journal = join(dataDir, 'journal');
  const prepare = vi.fn(async () => undefined);
  const env = { ...inject('hostEnv'), FIXTURE_JOURNAL: journal };
  const { stack } = await start({ dataDir, env, prepare, workers: 2 });
  expect(stack.mongodbUri).toMatch(/^mongodb:\/\/127\.0\.0\.1:\d+\/sluice\?replicaSet=rs0$/);
  expect(prepare).toHaveBeenCalledWith({ redisUrl: stack.redisUrl, mongodbUri: stack.mongodbUri });
  expect(stack.workers().map((worker) => worker.label)).toEqual(['worker', 'worker-2']);
  expect(await ask(stack.app('ingest'))).toMatchObject({ name: 'ingest', redisUrl: stack.redisUrl });
  const pids = listPids(stack);
  expect(pids).toHaveLength(8);
  const addressesFile = join(dataDir, 'addresses.json');
  const { redisUrl, mongodbUri } = stack;
  expect(JSON.parse(await readFile(addressesFile, 'utf8'))).toEqual({
    pid: process.pid,
    redisUrl,
    mongodbUri,
  });
  expect((await stat(addressesFile)).mode & 0o777).toBe(0o600);

  await stack.stop();
  expect(existsSync(addressesFile)).toBe(false);

  const ended = (await readFile(journal, 'utf8')).trim().split('\n');
  expect(ended.sort()).toEqual(
    ['api', 'ingest', 'live', 'scheduler', 'worker', 'worker'].map((name) => `${name} ended, stores up`),
  );
  expect(await listRunning(pids)).toEqual([]);
  expect(existsSync(join(dataDir, 'lock'))).toBe(false);
});

it('gives the command line of each process the folder of its app', async () => {
  const { stack } = await start({ dataDir: await makeTestFolder(), ...givenStores() });
  const [worker] = stack.workers();
  const { stdout } = await promisify(execFile)('ps', ['-o', 'args=', '-p', `${worker?.pid()}`]);
  expect(stdout).toContain('apps/worker');
});

it('starts an app again that died, and tells so', async () => {
  const { stack, said } = await start({ dataDir: await makeTestFolder(), ...givenStores() });
  const [worker] = stack.workers();
  const before = worker?.pid();
  await worker?.kill('SIGKILL');
  await worker?.whenReady();
  expect(worker?.pid()).not.toBe(before);
  expect(said).toEqual(['worker ended with SIGKILL; it is started again in 1 s.']);
});

it('adds a worker with an environment and a port of its own', async () => {
  const { stack } = await start({ dataDir: await makeTestFolder(), ...givenStores() });
  const added = await stack.addWorker({ FIXTURE_WORKER: 'old' });
  expect(await ask(added)).toMatchObject({ name: 'worker', worker: 'old' });
  expect(stack.workers()).toHaveLength(2);
  await added.stop();
  expect(added.pid()).toBeUndefined();
});

it('starts a server again that died, on the same address', async () => {
  const { stack, said } = await start({
    dataDir: await makeTestFolder(),
    mongodbUri: inject('mongoUrl'),
  });
  const [pid] = stack.redis?.pids() ?? [];
  if (pid === undefined) throw new Error('Redis has no process');
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(stack.redis?.pids()).not.toEqual([pid]), 10_000);
  await vi.waitFor(() => expect(stack.redis?.pids()).toHaveLength(1), 10_000);
  expect(said).toEqual(['Redis ended by itself; it is started again on the same data in 1 s.']);

  await stack.redis?.stop();
  expect(await probePort(Number(new URL(stack.redisUrl).port))).toBeUndefined();
  await stack.redis?.start();
  expect(await probePort(Number(new URL(stack.redisUrl).port))).toBe('EADDRINUSE');
});

it('tells why an app does not start, and leaves nothing', async () => {
  const dataDir = await makeTestFolder();
  const env = { ...inject('hostEnv'), FIXTURE_FAIL: 'live' };
  await expect(start({ dataDir, env, ...givenStores() })).rejects.toThrow(
    `live ended with code 1: Error: The moon is in the wrong phase.\nIts log is ${dataDir}/logs/live.log.`,
  );
  expect(existsSync(join(dataDir, 'lock'))).toBe(false);
});

it('names an app once that tells in plain words why it does not start', async () => {
  const dataDir = await makeTestFolder();
  const env = { ...inject('hostEnv'), FIXTURE_COMPLAIN: 'ingest' };
  await expect(start({ dataDir, env, ...givenStores() })).rejects.toThrow(
    `ingest ended with code 1: The moon is in the wrong phase, in 2 places:\n  here\n  there.\nIts log is ${dataDir}/logs/ingest.log.`,
  );
});

it('says which address nobody answers at, before it starts anything', async () => {
  const dataDir = await makeTestFolder();
  const stores = { ...givenStores(), redisUrl: 'redis://127.0.0.1:1' };
  await expect(start({ dataDir, ...stores })).rejects.toThrow(
    'Nobody answers at 127.0.0.1:1. Start what should listen there, or check REDIS_URL',
  );
});

it('refuses a taken port before it starts anything', async () => {
  const dataDir = await makeTestFolder();
  const port = await findFreePort();
  const other = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  await expect(start({ dataDir, ports: { ...ANY_PORTS, API_PORT: port } })).rejects.toThrow(
    `Port ${port} is taken, so api cannot listen there: end the program that uses it, or set API_PORT to another port.`,
  );
  expect(existsSync(join(dataDir, 'redis'))).toBe(false);
});

it('refuses two settings with the same port', async () => {
  const port = await findFreePort();
  const ports = { ...ANY_PORTS, API_PORT: port, LIVE_PORT: port };
  await expect(start({ dataDir: await makeTestFolder(), ports })).rejects.toThrow(
    `API_PORT and LIVE_PORT are both ${port}; give one of them another port.`,
  );
});

it('refuses a data folder that is in use, and takes one whose holder is gone', async () => {
  const dataDir = await makeTestFolder();
  const { stack } = await start({ dataDir, ...givenStores() });
  await expect(start({ dataDir, ...givenStores() })).rejects.toThrow(
    `Sluice runs already on ${dataDir} (process ${process.pid}): stop that one first, or set DATA_DIR to another folder.`,
  );
  await stack.stop();

  // The same number, but a process of another time; and a lock that was cut off while it was written.
  for (const stale of [`{"pid":${process.pid},"started":"1"}\n{}\n`, '{"pi']) {
    await writeFile(join(dataDir, 'lock'), stale);
    const next = await start({ dataDir, ...givenStores() });
    await next.stack.stop();
  }
});

it('gives up when told while it starts, and leaves nothing', async () => {
  const dataDir = await makeTestFolder();
  const given = new AbortController();
  const prepare = async (): Promise<void> => given.abort(new Error('Stopped.'));
  await expect(start({ dataDir, ...givenStores(), prepare, signal: given.signal })).rejects.toThrow(
    'Stopped.',
  );
  expect(existsSync(join(dataDir, 'lock'))).toBe(false);
});
