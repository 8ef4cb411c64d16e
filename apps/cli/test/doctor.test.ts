import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTestFolder } from '@sluice/local/test-folder';
import { createTestNames } from '@sluice/local/test-names';
import { startOwnRedis } from '@sluice/local/test-servers';
import { createRedis } from '@sluice/queue/connection';
import { connectStore, type StoreConnection } from '@sluice/store/connection';
import { afterAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import type { Check } from '../src/doctor/check.ts';
import { runSluice, startSluice } from './sluice.ts';
import { startCliStack } from './stack.ts';

const cli = await startCliStack();

type Answer = { readonly ok: boolean; readonly checks: readonly Check[] };

/** Runs the doctor and returns its exit code and its checks by name. */
async function examine(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runSluice(['doctor', '--json', ...args], { env });
  if (stdout === '') throw new Error(stderr);
  const { ok, checks } = JSON.parse(stdout) as Answer;
  expect(ok).toBe(code === 0);
  return { code, checks: new Map(checks.map((check) => [check.name, check])) };
}

async function connectTo(uri: string): Promise<StoreConnection> {
  const store = connectStore({ uri, appName: 'doctor-test' });
  onTestFinished(() => store.close());
  await vi.waitFor(() => store.ping(), { timeout: 10_000 });
  return store;
}

describe('sluice doctor and migrate on a database', () => {
  const names = createTestNames();
  const env = { MONGODB_URI: names.mongoUrl };
  const skip = ['--skip', 'redis', '--skip', 'apps', '--skip', 'settings'];

  afterAll(async () => {
    const store = connectStore({ uri: names.mongoUrl, appName: 'doctor-test' });
    await vi.waitFor(() => store.db.dropDatabase(), { timeout: 10_000 });
    await store.close();
  });

  it('builds what is missing once, finds an index that is gone, and builds it again', async () => {
    const before = await examine(env, ...skip);
    expect(before.code).toBe(1);
    expect(before.checks.get('indexes')).toMatchObject({ status: 'fail', mend: 'Run sluice migrate.' });
    const first = await runSluice(['migrate', '--json'], { env });
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({
      database: names.database,
      built: expect.arrayContaining(['raw_events', 'normalized_events {"tenant":1,"normalizedHash":1}']),
    });
    const again = await runSluice(['migrate'], { env });
    expect(again.stdout).toBe(`Nothing was missing in the database ${names.database}.\n`);
    expect(await examine(env, ...skip)).toMatchObject({ code: 0 });

    const store = await connectTo(names.mongoUrl);
    await store.db.collection('normalized_events').dropIndex('tenant_1_normalizedHash_1');
    const broken = await examine(env, ...skip);
    expect(broken.checks.get('indexes')?.detail).toContain(
      'Missing: normalized_events {"tenant":1,"normalizedHash":1}. Without the unique ones duplicates',
    );
    const mended = JSON.parse((await runSluice(['migrate', '--json'], { env })).stdout);
    expect(mended.built).toEqual(['normalized_events {"tenant":1,"normalizedHash":1}']);
  });

  it('takes an index that is not unique for a missing one', async () => {
    const store = await connectTo(names.mongoUrl);
    await runSluice(['migrate'], { env });
    const normalized = store.db.collection('normalized_events');
    await normalized.dropIndex('tenant_1_normalizedHash_1');
    await normalized.createIndex({ tenant: 1, normalizedHash: 1 });
    expect((await examine(env, ...skip)).checks.get('indexes')).toMatchObject({ status: 'fail' });
    const refused = await runSluice(['migrate'], { env });
    expect(refused).toMatchObject({ code: 6, stdout: '' });
    expect(refused.stderr).toContain('Drop that index first');
    await normalized.dropIndex('tenant_1_normalizedHash_1');
    await runSluice(['migrate'], { env });
  });

  it('finds secrets that do not open, and events that wait for a version', async () => {
    const store = await connectTo(names.mongoUrl);
    await store.db.collection<{ _id: string }>('sources').insertOne({
      _id: 'sealed',
      tenant: 'default',
      owner: 'api',
      active: true,
      revision: 1,
      updatedAt: new Date(),
      source: {
        ...{ id: 'sealed', tenant: 'default', kind: 'push', schemaVersion: 1, scheme: { type: 'github' } },
        ...{ secrets: [{ sealed: 'v1.AAAAAAAA.AAAA' }], bodies: ['json'] },
      },
    } as { _id: string });
    await store.db
      .collection('raw_events')
      .insertOne({ status: 'pending', schemaVersion: 9, tenant: 'default' });
    const { code, checks } = await examine(env, ...skip);
    expect(code).toBe(1);
    expect(checks.get('stored secrets')).toMatchObject({
      status: 'fail',
      detail: 'The stored secrets of sealed do not open with the keys that are set here.',
    });
    expect(checks.get('schema versions')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('schema version 9'),
    });
  });

  it('says that MongoDB is away', async () => {
    const away = { MONGODB_URI: 'mongodb://127.0.0.1:1/sluice?replicaSet=rs0' };
    const { code, checks } = await examine(away, ...skip);
    expect(code).toBe(1);
    expect(checks.get('mongodb')).toMatchObject({ status: 'fail' });
    const migrated = await runSluice(['migrate', '--wait', '1'], { env: away });
    expect(migrated).toMatchObject({ code: 3, stdout: '' });
    expect(migrated.stderr).toContain(`Waiting up to 1 s for MongoDB at ${away.MONGODB_URI}.`);
    expect(migrated.stderr).toContain('did not answer within 1 s');
    expect(migrated.stderr).toContain(`Start MongoDB at ${away.MONGODB_URI}, or set MONGODB_URI`);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends migrate at once on %s', async (signal) => {
    const away = { MONGODB_URI: 'mongodb://127.0.0.1:1/sluice' };
    const { child, ended } = startSluice(['migrate', '--wait', '600'], { env: away });
    if (child.stderr === null) throw new Error('there is no standard error');
    await once(child.stderr, 'data');
    const stoppedAt = performance.now();
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining('Stopped.') });
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
  });
});

describe('sluice doctor on a Redis', () => {
  const skip = ['--skip', 'mongodb', '--skip', 'apps', '--skip', 'settings'];

  it('finds each setting that would lose events', async () => {
    const own = await startOwnRedis();
    onTestFinished(() => own.stop());
    const logger = { warn: () => undefined };
    const redis = createRedis({ url: own.url, role: 'worker', logger });
    onTestFinished(() => redis.close());
    const env = { REDIS_URL: own.url };
    const well = await examine(env, ...skip);
    for (const name of ['redis', 'redis version', 'redis persistence', 'redis eviction', 'redis clock']) {
      expect(well.checks.get(name)).toMatchObject({ status: 'ok', mend: null });
    }
    expect(well.checks.get('workers')).toMatchObject({ status: 'fail' });

    await redis.client.config('SET', 'appendfsync', 'everysec');
    expect((await examine(env, ...skip)).checks.get('redis persistence')).toMatchObject({ status: 'warn' });
    await redis.client.config('SET', 'appendonly', 'no');
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const broken = await examine(env, ...skip);
    expect(broken.code).toBe(1);
    expect(broken.checks.get('redis persistence')).toMatchObject({
      status: 'fail',
      mend: expect.stringContaining('Set appendonly yes and appendfsync always'),
    });
    expect(broken.checks.get('redis eviction')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('allkeys-lru'),
      mend: expect.stringContaining('noeviction'),
    });
    const text = await runSluice(['doctor', ...skip], { env });
    expect(text.stdout).toMatch(/^fail {2}redis eviction +maxmemory-policy is allkeys-lru/m);
  });

  it('says that Redis is away, or wants a password, without showing the one that was given', async () => {
    const away = await examine({ REDIS_URL: 'redis://:s3cret@127.0.0.1:1' }, ...skip);
    expect(away.checks.get('redis')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    const wrong = await runSluice(['doctor', ...skip], {
      env: { REDIS_URL: inject('redisUrl').replace('//', '//nobody:s3cret@') },
    });
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain('WRONGPASS');
    expect(wrong.stdout).not.toContain('s3cret');
  });
});

describe('sluice doctor on a whole Sluice', () => {
  it('finds every app ready, then the one that is down', async () => {
    const well = await cli.sluice(['doctor']);
    expect(well.stdout).not.toMatch(/^fail/m);
    expect(well.code).toBe(0);
    expect(well.stdout).toMatch(/^ok {4}workers +1 worker waits for events\.$/m);
    const { code, checks } = await examine({ ...cli.env, LIVE_URL: 'http://127.0.0.1:1', WORKER_PORT: '1' });
    expect(code).toBe(1);
    expect(checks.get('live')).toMatchObject({ status: 'fail', mend: expect.stringContaining('LIVE_URL') });
    expect(checks.get('worker')).toMatchObject({ status: 'fail' });
    expect(checks.get('ingest')).toMatchObject({ status: 'ok' });
    const mixed = await examine({ ...cli.env, LIVE_URL: cli.stack.mongodbUri.replace('mongodb', 'http') });
    expect(mixed.checks.get('live')?.status).toBe('fail');
  });

  it('finds the stores of the stack that runs on DATA_DIR, unless that one is gone', async () => {
    const unset = { ...cli.env, REDIS_URL: '', MONGODB_URI: '' };
    const { checks } = await examine(unset, '--skip', 'apps', '--skip', 'settings');
    const from = `(from ${join(cli.env['DATA_DIR'] ?? '', 'addresses.json')})`;
    expect(checks.get('redis')?.detail).toBe(`${cli.stack.redisUrl} answers ${from}.`);
    expect(checks.get('mongodb')?.detail).toBe(`${cli.stack.mongodbUri} answers ${from}.`);
    expect((await cli.sluice(['migrate'], { env: unset })).stdout).toContain('Nothing was missing');

    const dataDir = await makeTestFolder();
    const { redisUrl, mongodbUri } = cli.stack;
    // No process has such a number.
    const left = JSON.stringify({ pid: 2 ** 30, redisUrl, mongodbUri });
    await writeFile(join(dataDir, 'addresses.json'), left);
    const gone = await cli.sluice(['migrate', '--wait', '1'], { env: { ...unset, DATA_DIR: dataDir } });
    expect(gone.stderr).not.toContain('from');
  });

  it('opens stored secrets with the key of the stack whose MongoDB it finds', async () => {
    const url = new URL('/api/sources', cli.stack.apiUrl);
    const source = { id: 'sealed', kind: 'push', scheme: 'github', secrets: [{ value: 's3cret' }] };
    const headers = { 'content-type': 'application/json' };
    const added = await fetch(url, { method: 'POST', headers, body: JSON.stringify(source) });
    expect(added.status).toBe(201);
    const skip = ['--skip', 'apps', '--skip', 'settings', '--skip', 'redis'];
    const found = await examine({ ...cli.env, MONGODB_URI: '' }, ...skip);
    expect(found.checks.get('stored secrets')).toMatchObject({ status: 'ok', mend: null });
    const given = await examine(cli.env, ...skip);
    expect(given.checks.get('stored secrets')).toMatchObject({
      status: 'fail',
      mend: expect.stringContaining('SECRETS_KEY'),
    });
    expect((await fetch(new URL('/api/sources/sealed', url), { method: 'DELETE' })).ok).toBe(true);
  });

  it('needs no sources file', async () => {
    const only = ['--skip', 'apps', '--skip', 'redis', '--skip', 'mongodb'];
    const folder = await makeTestFolder();
    const { stdout } = await runSluice(['doctor', ...only], { cwd: folder });
    expect(stdout).toContain('There is no sluice.sources.yaml; none is needed.');
  });

  it('finds wrong settings and a wrong sources file beside everything else', async () => {
    const file = join(await makeTestFolder(), 'sources.yaml');
    await writeFile(file, 'sources:\n  - { id: x, kind: psh }\n');
    const { code, checks } = await examine({
      ...cli.env,
      SOURCES_FILE: file,
      REDIS_URL: 'http://x',
      HOST: '',
    });
    expect(code).toBe(1);
    expect(checks.get('settings')?.detail).toContain('REDIS_URL');
    expect(checks.get('redis')).toMatchObject({ status: 'fail' });
    expect(checks.get('sources file')?.detail).toContain(`${file}:2`);
    expect(checks.get('mongodb')).toMatchObject({ status: 'ok' });
  });
});
