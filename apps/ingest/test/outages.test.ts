import { createTestNames } from '@sluice/local/test-names';
import { type OwnServer, startOwnMongo, startOwnRedis } from '@sluice/local/test-servers';
import { createRedis } from '@sluice/queue/connection';
import { createMemoryReader } from '@sluice/queue/redis-memory';
import { createLogger } from '@sluice/runtime/logger';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { type Ingest, startIngest } from './ingest.ts';
import { type Answer, json, send } from './send.ts';

const MIB = 1024 ** 2;
const { prefix } = createTestNames();
let redis: OwnServer;
let mongo: OwnServer;
let ingest: Ingest;
let sent = 0;

beforeAll(async () => {
  [redis, mongo] = await Promise.all([startOwnRedis({ maxmemoryBytes: 48 * MIB }), startOwnMongo()]);
  ingest = await startIngest({
    redisUrl: redis.url,
    mongoUrl: mongo.url.replace('/?', `/${prefix}?`),
    prefix,
  });
});
afterAll(async () => {
  redis.thaw();
  mongo.thaw();
  await ingest.close();
  await Promise.all([redis.stop(), mongo.stop()]);
});

/** Sends that many different events at once, each as large as told. */
function sendMany(count: number, sizeBytes = 1): Promise<Answer[]> {
  return Promise.all(
    Array.from({ length: count }, () => {
      sent += 1;
      return send(ingest.port, {
        body: json({ source: 'shop', payload: `${sent} ${'x'.repeat(sizeBytes)}` }),
      });
    }),
  );
}

function expectInTime(answers: readonly Answer[], status: number): void {
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
  expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(3000);
}

/** Sends until it comes through the queue again. */
async function untilHealed(): Promise<void> {
  await vi.waitFor(
    async () => {
      const before = (await ingest.readCounters('batch_events_total', 'by')).get('queue') ?? 0;
      expectInTime(await sendMany(1), 202);
      expect((await ingest.readCounters('batch_events_total', 'by')).get('queue')).toBe(before + 1);
    },
    { timeout: 20_000, interval: 100 },
  );
}

it('accepts through the inbox while Redis is frozen, and through the queue after it', async () => {
  expectInTime(await sendMany(1), 202);
  await redis.freeze();
  const answers = [...(await sendMany(50)), ...(await sendMany(50))];
  expectInTime(answers, 202);
  const rows = await ingest.store.db.collection('inbox').distinct('event.eventId');
  expect(new Set(rows)).toEqual(new Set(answers.map(({ json: answer }) => answer['id'])));
  redis.thaw();
  await untilHealed();
});

it('accepts through the queue while MongoDB is frozen', async () => {
  await mongo.freeze();
  expectInTime(await sendMany(50), 202);
  mongo.thaw();
});

it('answers 503 and when to come back while both are frozen, and accounts for the numbers after it', async () => {
  await redis.freeze();
  await mongo.freeze();
  const answers = [...(await sendMany(50)), ...(await sendMany(50))];
  expectInTime(answers, 503);
  for (const { headers, json: answer } of answers) {
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(answer).toMatchObject({ code: 'ERR_UNAVAILABLE' });
  }
  const probe = await send(ingest.port, { method: 'GET', path: '/readyz' });
  expect(probe.status).toBe(503);
  redis.thaw();
  mongo.thaw();
  await untilHealed();
  await vi.waitFor(() => ingest.commit.voidUnconfirmed(), { timeout: 20_000 });
  const { seq } = ingest.commit.head();
  const jobs = await ingest.inspector.countBatchEvents(
    Array.from({ length: seq }, (_, index) => ({ instance: prefix, seq: index + 1 })),
  );
  const receipts = await ingest.store.db.collection('receipts').distinct('seq', { state: 'void' });
  const covered = new Set([
    ...receipts,
    ...jobs.flatMap((count, index) => (count === null ? [] : [index + 1])),
  ]);
  expect(covered.size).toBe(seq);
});

/** Writes a batch of different small events, so many that they do not fit into one window. */
function newBatch(count: number): string {
  sent += 1;
  return json(Array.from({ length: count }, (_, index) => ({ source: 'shop', payload: `${sent}/${index}` })));
}

it('answers a batch in time while both are frozen, and 202 with what is kept when they freeze under it', async () => {
  const path = '/api/events/batch';
  await redis.freeze();
  await mongo.freeze();
  const frozen = await send(ingest.port, { path, body: newBatch(20_000) });
  expectInTime([frozen], 503);
  expect(frozen.json).toMatchObject({ code: 'ERR_UNAVAILABLE', accepted: 0, rejected: 20_000 });
  expect(frozen.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  redis.thaw();
  mongo.thaw();
  await untilHealed();

  const before = await countQueued();
  const body = newBatch(40_000);
  const answer = send(ingest.port, { path, body });
  await vi.waitFor(async () => expect(await countQueued()).toBeGreaterThan(before + 1000), { interval: 5 });
  await Promise.all([redis.freeze(), mongo.freeze()]);
  const { status, json: batch } = await answer;
  redis.thaw();
  mongo.thaw();
  expect(status).toBe(202);
  const { accepted, rejected, results } = batch as { accepted: number; rejected: number; results: unknown[] };
  expect(accepted).toBeGreaterThan(1000);
  expect(rejected).toBeGreaterThan(0);
  expect(accepted + rejected).toBe(40_000);
  expect(results).toHaveLength(40_000);
  expect(results.at(-1)).toMatchObject({ index: 39_999, code: 'ERR_UNAVAILABLE' });
  await untilHealed();
  await vi.waitFor(() => ingest.commit.voidUnconfirmed(), { timeout: 20_000 });
});

async function countQueued(): Promise<number> {
  const kept = await ingest.readCounters('batch_events_total', 'by');
  return kept.get('queue') ?? 0;
}

it('accepts through the inbox while Redis is more than 70 % full, and leaves room in it', async () => {
  const countInbox = async () => (await ingest.readCounters('batch_events_total', 'by')).get('inbox') ?? 0;
  const before = await countInbox();
  await vi.waitFor(
    async () => {
      expectInTime(await sendMany(4, MIB / 2), 202);
      expect(await countInbox()).toBeGreaterThan(before);
    },
    { timeout: 30_000, interval: 250 },
  );
  const logger = createLogger({ app: 'ingest', instance: prefix, level: 'silent' });
  const connection = createRedis({ url: redis.url, role: 'producer', logger });
  onTestFinished(() => connection.close());
  await vi.waitFor(() => connection.ping());
  const { usedShare } = await createMemoryReader({ redis: connection })();
  expect(usedShare).toBeGreaterThan(0.7);
  expect(usedShare).toBeLessThan(0.95);
});
