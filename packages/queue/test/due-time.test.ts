import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { defineNoteDue } from '../src/due-time.ts';
import type { EventsInspector } from '../src/events-inspector.ts';
import type { EventsProducer } from '../src/events-producer.ts';
import { createEventsWorker, type ProcessResult } from '../src/events-worker.ts';
import { createMemoryLogger, openEventsQueue, toBatch, toSingle } from './fixtures.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** In the score of a delayed job BullMQ keeps the order within a millisecond, too. */
const SCORES_PER_MS = 4096;
const JOB_ID = 'evt_a-h-0';

describe('the oldest waiting job', () => {
  let prefix: string;
  let producer: EventsProducer;
  let inspector: EventsInspector;
  let redis: Redis;
  let queue: Queue;

  beforeEach(async () => {
    const opened = await openEventsQueue();
    ({ prefix, producer, inspector, redis } = opened);
    queue = new Queue('events', { connection: { url: inject('redisUrl') }, prefix, skipMetasUpdate: true });
    return async () => {
      await queue.close();
      await opened.close();
    };
  });

  /** Makes it as old as if it had come that long ago. */
  const age = (jobId: string, ageMs: number) =>
    redis.hset(`${prefix}:events:${jobId}`, 'timestamp', Date.now() - ageMs);

  /** Runs a job once and leaves it where that brings it, for nobody fetches any more. */
  async function processOnce(result: ProcessResult): Promise<void> {
    const worker = createEventsWorker({
      redisUrl: inject('redisUrl'),
      prefix,
      backoffMs: () => 5,
      logger: createMemoryLogger(),
      process: async () => {
        await worker.pause();
        return result;
      },
    });
    onTestFinished(() => worker.close({ deadlineMs: 2000 }));
    await vi.waitFor(async () => {
      const { waiting, active, delayed, parked } = await inspector.readCounts();
      expect([worker.isPaused(), active, waiting + delayed + parked]).toEqual([true, 0, 1]);
    });
  }

  /** As a worker does with a job that is due. */
  async function promote(jobId: string): Promise<void> {
    await (await queue.getJob(jobId))?.promote();
    expect(await inspector.readCounts()).toMatchObject({ waiting: 1, delayed: 0, parked: 0 });
  }

  it.each([
    ['a retry', { kind: 'retry', message: 'once more' }],
    ['a parked event', { kind: 'park', delayMs: 5 }],
  ] as const)('counts the waiting of %s from when it was due again', async (_, result) => {
    await producer.addSplit([{ jobId: JOB_ID, job: toSingle('a'), delayMs: 0 }]);
    await age(JOB_ID, HOUR_MS);
    await processOnce(result);
    await promote(JOB_ID);
    expect(await inspector.readOldestWaitingMs()).toBeLessThan(MINUTE_MS);
  });

  it('counts the waiting of an event that was added with a delay from when it was due first', async () => {
    await producer.addSplit([{ jobId: JOB_ID, job: toSingle('a'), delayMs: HOUR_MS }]);
    await age(JOB_ID, HOUR_MS + 5000);
    await promote(JOB_ID);
    const waitedMs = await inspector.readOldestWaitingMs();
    expect(waitedMs).toBeGreaterThanOrEqual(5000);
    expect(waitedMs).toBeLessThan(MINUTE_MS);
  });

  it('counts the waiting of a held batch from when it came: it waited all along', async () => {
    await producer.addBatch('b-i1-1', toBatch('a'));
    await age('b-i1-1', HOUR_MS);
    await processOnce({ kind: 'hold', reason: 'away' });
    expect(await inspector.readOldestWaitingMs()).toBeGreaterThanOrEqual(HOUR_MS);
  });

  it.each([
    ['a retry', { kind: 'retry', message: 'once more' }],
    ['a parked event', { kind: 'park', delayMs: 5 }],
    ['an event that left its batch', undefined],
  ] as const)('delays %s by the clock of Redis, not by one that is minutes fast', async (_, result) => {
    const realMs = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: realMs + HOUR_MS });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    await producer.addSplit([{ jobId: JOB_ID, job: toSingle('a'), delayMs: result === undefined ? 5 : 0 }]);
    if (result !== undefined) await processOnce(result);
    const score = await redis.zscore(`${prefix}:events:delayed`, JOB_ID);
    const dueMs = Math.floor(Number(score) / SCORES_PER_MS);
    expect(dueMs).toBeGreaterThanOrEqual(realMs);
    expect(dueMs).toBeLessThan(realMs + MINUTE_MS);
  });

  it('leaves nothing behind for a job that is gone', async () => {
    await defineNoteDue(redis)(`${prefix}:events:gone`, Date.now());
    expect(await redis.exists(`${prefix}:events:gone`)).toBe(0);
  });
});
