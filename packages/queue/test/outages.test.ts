import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { findFreePort } from '@sluice/local/ports';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRedis } from '../src/connection.ts';
import { createEventsProducer } from '../src/events-producer.ts';
import { createEventsWorker } from '../src/events-worker.ts';
import { createJsonCache } from '../src/json-cache.ts';
import { createPollsProducer, createPollsWorker } from '../src/polls.ts';
import { createMemoryLogger, startOwnRedis, timed, toBatch, toPrefix, untilElapsed } from './fixtures.ts';

const HEAL = { timeout: 15_000, interval: 100 };

function createProducer(redisUrl: string, prefix = toPrefix()) {
  const logger = createMemoryLogger();
  const producer = createEventsProducer({ redisUrl, prefix, deadlineMs: 800, logger });
  onTestFinished(() => producer.close());
  return { producer, prefix, logger };
}

function createCountingWorker(
  redisUrl: string,
  prefix: string,
  times: { readonly lockDurationMs?: number; readonly stalledIntervalMs?: number } = {},
) {
  const seen: string[] = [];
  const worker = createEventsWorker({
    ...times,
    redisUrl,
    prefix,
    backoffMs: () => 10,
    logger: createMemoryLogger(),
    process: async ({ id }) => {
      seen.push(id);
      return { kind: 'done' };
    },
  });
  onTestFinished(() => worker.close({ deadlineMs: 2000 }));
  return { worker, seen };
}

describe('while Redis is away', () => {
  it('a producer fails fast, and heals when Redis comes for the first time', async () => {
    const port = await findFreePort();
    const { producer, logger } = createProducer(`redis://127.0.0.1:${port}`);
    // By then it tries to connect once a second only; no call may wait for that.
    await untilElapsed(2000);
    for (const call of [
      () => producer.addBatch('b-i1-1', toBatch('a')),
      () => producer.readMarks(['evt_1']),
    ]) {
      const { ms, error } = await timed<unknown>(call());
      expect(error).toBeInstanceOf(DependencyAwayError);
      expect(ms).toBeLessThan(100);
    }
    await startOwnRedis({ port });
    await vi.waitFor(() => producer.addBatch('b-i1-1', toBatch('a')), HEAL);
    expect(logger.lines.length).toBeLessThan(10);
  });

  it('a worker that started first works when Redis comes', async () => {
    const port = await findFreePort();
    const url = `redis://127.0.0.1:${port}`;
    const { producer, prefix } = createProducer(url);
    const { seen } = createCountingWorker(url, prefix);
    await startOwnRedis({ port });
    await vi.waitFor(() => producer.addBatch('b-i1-1', toBatch('a')), HEAL);
    await vi.waitFor(() => expect(seen).toEqual(['b-i1-1']), HEAL);
  });

  it('everything closes within its deadline', async () => {
    const redisUrl = `redis://127.0.0.1:${await findFreePort()}`;
    const common = { redisUrl, prefix: toPrefix(), logger: createMemoryLogger() };
    const worker = createEventsWorker({
      ...common,
      backoffMs: () => 10,
      process: async () => ({ kind: 'done' }),
    });
    const polls = createPollsWorker({ ...common, process: async () => undefined });
    const producers = [createEventsProducer(common), createPollsProducer(common)];
    const { ms } = await timed(
      Promise.all([
        worker.close({ deadlineMs: 1000 }),
        polls.close({ deadlineMs: 1000 }),
        ...producers.map((producer) => producer.close(1000)),
      ]),
    );
    expect(ms).toBeLessThan(2000);
  });

  it('a worker whose Redis died closes within its deadline', async () => {
    const redis = await startOwnRedis();
    const { producer, prefix } = createProducer(redis.url);
    const { worker, seen } = createCountingWorker(redis.url, prefix);
    await vi.waitFor(() => producer.addBatch('b-i1-1', toBatch('a')), HEAL);
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    await redis.kill();
    const { ms } = await timed(worker.close({ deadlineMs: 1000 }));
    expect(ms).toBeLessThan(2000);
  });

  it('a program ends by itself once it has closed everything', async () => {
    const redis = await startOwnRedis();
    const { producer, prefix } = createProducer(redis.url);
    const program = fileURLToPath(new URL('./closing-program.ts', import.meta.url));
    const child = fork(program, [redis.url, prefix]);
    onTestFinished(() => void child.kill('SIGKILL'));
    await vi.waitFor(() => producer.addBatch('b-i1-1', toBatch('a')), HEAL);
    await once(child, 'message');
    await redis.kill();
    // Long enough that its connections wait for their next attempts.
    await untilElapsed(1500);
    child.send('close');
    const { ms } = await timed(once(child, 'exit'));
    expect(ms).toBeLessThan(3000);
    expect(child.exitCode).toBe(0);
  });

  it('a cache misses and nothing is thrown', async () => {
    const redis = createRedis({
      url: `redis://127.0.0.1:${await findFreePort()}`,
      role: 'producer',
      logger: createMemoryLogger(),
    });
    onTestFinished(() => redis.close());
    const cache = createJsonCache({ redis, prefix: toPrefix() });
    await cache.set('a', 1, 1000);
    expect(await cache.get('a')).toBeUndefined();
  });
});

describe('when Redis returns', () => {
  it('a worker heals after 8 s without it, and the producer with it', async () => {
    const redis = await startOwnRedis();
    const { producer, prefix } = createProducer(redis.url);
    const { seen } = createCountingWorker(redis.url, prefix);
    await vi.waitFor(() => producer.addBatch('b-i1-1', toBatch('a')), HEAL);
    await vi.waitFor(() => expect(seen).toEqual(['b-i1-1']));
    await redis.kill();
    await untilElapsed(8000);
    await redis.restart();
    await vi.waitFor(() => producer.addBatch('b-i1-2', toBatch('b')), HEAL);
    await vi.waitFor(() => expect(seen).toEqual(['b-i1-1', 'b-i1-2']), HEAL);
  });

  it('jobs that were added before it died are still there', async () => {
    const redis = await startOwnRedis();
    const { producer, prefix } = createProducer(redis.url);
    await vi.waitFor(() => producer.addBatch('b-i1-1', toBatch('a')), HEAL);
    await redis.kill();
    await redis.restart();
    const { seen } = createCountingWorker(redis.url, prefix);
    await vi.waitFor(() => expect(seen).toEqual(['b-i1-1']), HEAL);
  });
});

describe('while Redis refuses', () => {
  it('a worker rests between its attempts, and goes on when it may', async () => {
    const redis = await startOwnRedis();
    const { producer, prefix } = createProducer(redis.url);
    const direct = new Redis(redis.url);
    onTestFinished(() => direct.disconnect());
    await direct.set(`${prefix}:events:wait`, 'in the way');
    const { seen } = createCountingWorker(redis.url, prefix);
    await untilElapsed(2500);
    const refused = Number(/errorstat_WRONGTYPE:count=(\d+)/.exec(await direct.info('errorstats'))?.[1]);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(10);
    await direct.del(`${prefix}:events:wait`);
    await producer.addBatch('b-i1-1', toBatch('a'));
    await vi.waitFor(() => expect(seen).toEqual(['b-i1-1']), HEAL);
  });
});

describe('while Redis is frozen', () => {
  it('every call rejects within its deadline, and works after the thaw', async () => {
    const redis = await startOwnRedis();
    const { producer } = createProducer(redis.url);
    await vi.waitFor(() => producer.ping(), HEAL);
    await redis.freeze();
    const park = { version: 2, since: '2026-01-01T00:00:00.000Z', count: 1 };
    const calls = await Promise.all([
      timed(producer.addBatch('b-i1-1', toBatch('a'))),
      timed(producer.readMarks(['evt_1'])),
      timed(producer.removeMarks(['evt_1'])),
      timed(producer.addSplit([{ jobId: 'evt_a-h-0', job: toBatch('a'), delayMs: 10 }])),
      timed(producer.ping()),
    ]);
    for (const { ms, error } of calls) {
      expect(error).toBeInstanceOf(DependencyAwayError);
      expect(ms).toBeLessThan(1200);
    }
    // It takes two round trips, but the first one fails it.
    const parking = timed(
      producer.addSplit([{ jobId: 'b-i1-1-p2', job: { ...toBatch('a'), park }, delayMs: 10 }]),
    );
    expect((await parking).ms).toBeLessThan(1200);
    redis.thaw();
    await vi.waitFor(() => producer.addBatch('b-i1-2', toBatch('b')), HEAL);
  });

  it('a cache misses soon, and lost marks are counted', async () => {
    const redis = await startOwnRedis();
    const { producer, prefix } = createProducer(redis.url);
    const handle = createRedis({
      url: redis.url,
      role: 'producer',
      commandTimeoutMs: 500,
      logger: createMemoryLogger(),
    });
    onTestFinished(() => handle.close());
    const cache = createJsonCache({ redis: handle, prefix });
    await vi.waitFor(() => Promise.all([producer.ping(), handle.ping()]), HEAL);
    await cache.set('a', 1);
    await redis.freeze();
    producer.writeMarks([{ eventId: 'evt_1', mark: { jobId: 'j', contentHash: 'h' } }]);
    const { ms, value } = await timed(cache.get('a'));
    expect(value).toBeUndefined();
    expect(ms).toBeLessThan(900);
    await vi.waitFor(() => expect(producer.countLostMarks()).toBe(1), 3000);
  });

  it('a worker goes on after the thaw, and closes within its deadline before it', async () => {
    const redis = await startOwnRedis();
    const { producer, prefix } = createProducer(redis.url);
    // What the one that closes had sent may fetch the next job once Redis runs again: then its lock must run out.
    const times = { lockDurationMs: 2000, stalledIntervalMs: 500 };
    const { seen } = createCountingWorker(redis.url, prefix, times);
    const { worker: closing } = createCountingWorker(redis.url, prefix, times);
    await vi.waitFor(() => producer.addBatch('b-i1-1', toBatch('a')), HEAL);
    await redis.freeze();
    const { ms } = await timed(closing.close({ deadlineMs: 1000 }));
    expect(ms).toBeLessThan(2500);
    await untilElapsed(7000);
    redis.thaw();
    await vi.waitFor(() => producer.addBatch('b-i1-2', toBatch('b')), HEAL);
    await vi.waitFor(() => expect(seen).toContain('b-i1-2'), HEAL);
  });
});
