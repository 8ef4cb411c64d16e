import { startTestApp, type TestApp } from '@sluice/local/test-app';
import { createTestNames, mongoUrlFor } from '@sluice/local/test-names';
import { connectStore, type StoreConnection } from '@sluice/store/connection';
import { expect, inject, onTestFinished, test, vi } from 'vitest';

const { database } = createTestNames();
/** A backup on the same server is enough here: it is another database. */
const primaryUri = mongoUrlFor(database);
const backupUri = mongoUrlFor(`${database}_backup`);

function start(settings: Readonly<Record<string, string>>): TestApp {
  return startTestApp('replicator', {
    ...{ MONGODB_URI: primaryUri, BACKUP_MONGODB_URI: backupUri, REDIS_URL: inject('redisUrl') },
    ...{ QUEUE_PREFIX: database, REPLICATOR_PORT: '0', LOG_LEVEL: 'debug', ...settings },
  });
}

function open(uri: string): StoreConnection {
  const connection = connectStore({ uri, appName: 'replicator-test', operationTimeoutMs: 10_000 });
  onTestFinished(async () => {
    await connection.db.dropDatabase();
    await connection.close();
  });
  return connection;
}

type Item = { readonly _id: number };

async function untilCopied(primary: StoreConnection, backup: StoreConnection, _id: number): Promise<void> {
  await primary.db.collection<Item>('items').insertOne({ _id });
  await vi.waitFor(
    async () => expect(await backup.db.collection<Item>('items').findOne({ _id })).not.toBeNull(),
    { timeout: 20_000, interval: 50 },
  );
}

test('ends with a clear sentence without its primary, warns without its backup, and shows no password', async () => {
  open(primaryUri);
  const lost = start({ MONGODB_URI: 'mongodb://127.0.0.1:1/sluice' });
  const same = start({ BACKUP_MONGODB_URI: primaryUri });
  const patient = start({
    BACKUP_MONGODB_URI: 'mongodb://me:s3cr3t-word@127.0.0.1:1/sluice?authSource=admin',
  });
  expect(await same.ended).toMatch(/^code 1: .*name the same database/);
  expect(await lost.ended).toMatch(
    /^code 1: .*the local MongoDB does not answer: start it, or set MONGODB_URI/,
  );
  await patient.waitForLine('process.started');
  await patient.waitForLine('backup.away');
  patient.signal('SIGTERM');
  expect(await patient.ended).toMatch(/^code 0/);
  const output = await patient.readOutput();
  expect(output).toContain('mongodb://me:***@127.0.0.1:1');
  expect(output).not.toContain('s3cr3t-word');
});

test('another one takes over within 15 s from one that hangs, which changes nothing when it wakes up', async () => {
  const primary = open(primaryUri);
  const backup = open(backupUri);
  const first = start({});
  await first.waitForLine('replicator.active');
  const second = start({});
  await second.waitForLine('process.started');
  await untilCopied(primary, backup, 1);
  expect(await second.readLines('replicator.active')).toEqual([]);
  first.signal('SIGSTOP');
  const stoppedMs = performance.now();
  await second.waitForLine('replicator.active');
  expect(performance.now() - stoppedMs).toBeLessThan(15_000);
  await untilCopied(primary, backup, 2);
  first.signal('SIGCONT');
  await first.waitForLine('lease.lost');
  await untilCopied(primary, backup, 3);
  expect(await first.readLines('replicator.active')).toHaveLength(1);
  second.signal('SIGKILL');
  await second.ended;
  await vi.waitFor(async () => expect(await first.readLines('replicator.active')).toHaveLength(2), {
    timeout: 15_000,
    interval: 50,
  });
  await untilCopied(primary, backup, 4);
});
