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

/** So many that a process is killed before all of them are copied, twenty at a time. */
const BACKLOG = 3000;

async function untilCopied(primary: StoreConnection, backup: StoreConnection, _id: number): Promise<void> {
  await primary.db.collection<Item>('items').insertOne({ _id });
  await vi.waitFor(
    async () => expect(await backup.db.collection<Item>('items').findOne({ _id })).not.toBeNull(),
    { timeout: 20_000, interval: 50 },
  );
}

test('6, 11: ends with a clear sentence without its primary, warns without its backup, takes one elsewhere only by TLS, shows no password, and can be off', async () => {
  open(primaryUri);
  const lost = start({ MONGODB_URI: 'mongodb://127.0.0.1:1/sluice' });
  const same = start({ BACKUP_MONGODB_URI: primaryUri });
  const off = start({ SYNC_ENABLED: 'off' });
  const patient = start({
    BACKUP_MONGODB_URI: 'mongodb://me:s3cr3t-word@127.0.0.1:1/sluice?authSource=admin',
  });
  const bare = start({ BACKUP_MONGODB_URI: 'mongodb://me:s3cr3t-word@backup.example.net/sluice' });
  expect(await bare.ended).toMatch(
    /^code 1: .*BACKUP_MONGODB_URI.*without TLS only addresses of this machine/s,
  );
  expect(await bare.readOutput()).not.toContain('s3cr3t-word');
  expect(await same.ended).toMatch(/^code 1: .*name the same database/);
  expect(await lost.ended).toMatch(
    /^code 1: .*the local MongoDB does not answer: start it, or set MONGODB_URI/,
  );
  await patient.waitForLine('process.started');
  await patient.waitForLine('backup.away');
  await off.waitForLine('replicator.off');
  for (const one of [patient, off]) one.signal('SIGTERM');
  expect(await patient.ended).toMatch(/^code 0/);
  expect(await off.ended).toMatch(/^code 0/);
  expect(await off.readLines('replicator.active')).toEqual([]);
  const output = await patient.readOutput();
  expect(output).toContain('mongodb://me:***@127.0.0.1:1');
  expect(output).not.toContain('s3cr3t-word');
});

test('12: another one takes over within 15 s from one that hangs, which changes nothing when it wakes up', async () => {
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

test('12: one that is killed in the middle of a backlog goes on where the backup is when it is started again', async () => {
  const sides = [open(primaryUri), open(backupUri)] as const;
  const [here, there] = sides.map(({ db }) => db.collection<Item & { readonly n: number }>('items'));
  if (here === undefined || there === undefined) throw new TypeError('There are two sides.');
  const first = start({ SYNC_BATCH_SIZE: '20' });
  await first.waitForLine('full-sync.finished');
  await here.insertMany(Array.from({ length: BACKLOG }, (_, _id) => ({ _id, n: 0 })));
  await vi.waitFor(async () => expect(await there.countDocuments()).toBeGreaterThan(0), {
    timeout: 20_000,
    interval: 1,
  });
  first.signal('SIGKILL');
  await first.ended;
  expect(await there.countDocuments()).toBeLessThan(BACKLOG);
  await here.updateMany({ _id: { $mod: [3, 0] } }, { $inc: { n: 1 } });
  await here.deleteMany({ _id: { $mod: [7, 0] } });
  // As if the time of the killed one's lease were over.
  await sides[1].db
    .collection<{ _id: string }>('leases')
    .updateOne({ _id: 'replicator' }, { $set: { expiresAt: new Date(0) } });
  const second = start({ SYNC_BATCH_SIZE: '20' });
  await vi.waitFor(
    async () => {
      const read = (side: typeof here) => side.find().sort({ _id: 1 }).toArray();
      expect(await read(there)).toEqual(await read(here));
    },
    { timeout: 20_000, interval: 50 },
  );
  expect(await second.readLines('position.lost')).toEqual([]);
  expect(await second.readLines('full-sync.started')).toEqual([]);
});
