import { startTestApp, type TestApp } from '@sluice/local/test-app';
import { createTestNames } from '@sluice/local/test-names';
import { type OwnServer, startOwnMongo } from '@sluice/local/test-servers';
import { afterAll, beforeAll, expect, inject, it, onTestFinished, vi } from 'vitest';
import { openPlace, type Place, QUICK, SOON, startWorker, toSubmitted } from './worker.ts';

const { prefix } = createTestNames();
let mongo: OwnServer;
let at: Place;
let place: Awaited<ReturnType<typeof openPlace>>;

beforeAll(async () => {
  mongo = await startOwnMongo();
  at = { redisUrl: inject('redisUrl'), mongoUrl: mongo.url.replace('/?', `/${prefix}?`), prefix };
  place = await openPlace(at);
});
afterAll(async () => {
  await place.close();
  await mongo.stop();
});

/** Starts a real worker that takes small steps, so that there is a middle. */
async function startProcess(env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const { redisUrl, mongoUrl: uri } = at;
  const settings = {
    REDIS_URL: redisUrl,
    MONGODB_URI: uri,
    QUEUE_PREFIX: prefix,
    WORKER_PORT: '0',
    ...QUICK,
  };
  const app = startTestApp('worker', { ...settings, WORKER_CONCURRENCY: '4', BULK_EVENTS: '20', ...env });
  await app.waitForLine('process.started');
  return app;
}

/** Readings of which every fourth says the same as the one before, in another spelling. */
function toReadings(source: string, count: number): unknown[] {
  return Array.from({ length: count }, (_, n) =>
    n % 4 === 3
      ? { source, payload: { kind: 'load', price: `${n - 1}`, date: '2024/01/01' } }
      : { source, payload: { metric: 'load', amount: n, timestamp: '2024-01-01T00:00:00Z' } },
  );
}

async function untilStored(source: string, count: number): Promise<void> {
  await vi.waitFor(
    async () => expect(await place.count('raw_events', { source })).toBeGreaterThanOrEqual(count),
    { ...SOON, interval: 5 },
  );
}

/** Sets how long the documents of a killed worker's transaction stay locked. */
async function setTransactionLifetime(seconds: number): Promise<void> {
  const admin = place.store.client.db('admin');
  await admin.command({ setParameter: 1, transactionLifetimeLimitSeconds: seconds });
}

/** Expects one raw event for each event, one record for each reading, and receipts that say so. */
async function expectBalance(source: string, count: number): Promise<void> {
  const { sent, accepted, merged, missing } = await place.readBalance();
  expect(missing).toEqual([]);
  expect(accepted + merged).toBe(sent);
  expect(merged).toBe(0);
  expect(await place.count('raw_events')).toBe(accepted);
  expect(await place.count('raw_events', { source, status: 'normalized' })).toBe((count / 4) * 3);
  expect(await place.count('raw_events', { source, status: 'duplicate' })).toBe(count / 4);
  expect(await place.count('normalized_events', { source })).toBe((count / 4) * 3);
}

it('changes nothing in the result when it is killed in the middle', async () => {
  const count = 2000;
  await setTransactionLifetime(3);
  await place.sendAll(toReadings('killed', count));
  const first = await startProcess();
  await untilStored('killed', 200);
  first.signal('SIGKILL');
  expect(await first.ended).toBe('SIGKILL');
  expect(await place.count('raw_events')).toBeLessThan(count);
  const { active } = await place.inspector.readCounts();
  expect(active).toBeGreaterThan(0);
  const second = await startProcess({ WORKER_CONCURRENCY: '40', BULK_EVENTS: '200' });
  await place.untilSettled();
  await expectBalance('killed', count);
  second.signal('SIGTERM');
  expect(await second.ended).toMatch(/^code 0/);
  await setTransactionLifetime(60);
});

it('goes on with all others while a killed worker has left an event locked', async () => {
  const reading = { source: 'locked', payload: { metric: 'load', amount: 1 } };
  const session = place.store.client.startSession();
  session.startTransaction();
  const { eventId: _id } = toSubmitted(JSON.stringify(reading), undefined);
  await place.store.db.collection<{ _id: string }>('raw_events').insertOne({ _id }, { session });
  const worker = startWorker(at, { instance: 'w-beside' });
  onTestFinished(() => worker.close());
  await place.send(reading);
  await place.sendAll(toReadings('unlocked', 100));
  await vi.waitFor(async () => {
    expect(await place.count('raw_events', { source: 'unlocked' })).toBe(100);
    expect(await place.inspector.readCounts()).toMatchObject({ waiting: 0, active: 0, delayed: 1 });
  }, SOON);
  expect(worker.app.isHolding()).toBe(false);
  await session.abortTransaction();
  await session.endSession();
  await place.untilSettled();
  expect(await place.findRaw(_id)).toMatchObject({ status: 'normalized', attempts: 1 });
});

it('finishes what is in hand when it is told to end, and leaves the rest', async () => {
  const count = 800;
  await place.sendAll(toReadings('told', count));
  const first = await startProcess();
  await untilStored('told', 100);
  first.signal('SIGTERM');
  expect(await first.ended).toMatch(/^code 0/);
  expect(await place.inspector.readCounts()).toMatchObject({ active: 0, delayed: 0, failed: 0 });
  const { missing } = await place.readBalance();
  const waiting = await place.inspector.readCounts();
  expect(waiting.waiting).toBeGreaterThan(0);
  expect(missing.reduce((sum, { from, to }) => sum + to - from + 1, 0)).toBe(waiting.waiting);
  await startProcess();
  await place.untilSettled();
  await expectBalance('told', count);
});

it('holds while MongoDB is away, counts no attempt, and goes on by itself', async () => {
  const workers = ['w1', 'w2'].map((instance) => startWorker(at, { instance }));
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.close()));
  });
  const source = 'away';
  const readings = toReadings(source, 1200);
  await place.sendAll(readings.slice(0, 400));
  await vi.waitFor(async () => expect(await place.count('raw_events', { source })).toBeGreaterThan(0), SOON);
  await mongo.kill();
  await place.sendAll(readings.slice(400, 800));
  await vi.waitFor(() => expect(workers.some(({ app }) => app.isHolding())).toBe(true), SOON);
  await place.sendAll(readings.slice(800));
  await mongo.restart();
  const backMs = performance.now();
  await place.untilSettled();
  expect(performance.now() - backMs).toBeLessThan(30_000);
  expect(workers.map(({ app }) => app.isHolding())).toEqual([false, false]);
  await expectBalance(source, 1200);
  expect(await place.count('raw_events', { source, attempts: 1 })).toBe(1200);
  expect(await place.count('raw_events', { source, history: { $exists: true } })).toBe(0);
});
