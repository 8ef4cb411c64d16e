import type { PollJob } from '@sluice/contracts/queues';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { createPollsProducer, createPollsWorker, type PollsProducer } from '../src/polls.ts';
import { createMemoryLogger, toPrefix } from './fixtures.ts';

const POLL: PollJob = { source: 'erp', tenant: 'default', slot: 1_767_225_600 };

describe('the queue polls', () => {
  let prefix: string;
  let redis: Redis;
  let schedulers: readonly [PollsProducer, PollsProducer];

  beforeEach(() => {
    prefix = toPrefix();
    redis = new Redis(inject('redisUrl'));
    const options = { redisUrl: inject('redisUrl'), prefix, logger: createMemoryLogger() };
    schedulers = [createPollsProducer(options), createPollsProducer(options)];
  });

  afterEach(async () => {
    await Promise.all(schedulers.map((scheduler) => scheduler.close()));
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
  });

  function startWorker(process: (poll: PollJob) => Promise<void>) {
    const worker = createPollsWorker({
      redisUrl: inject('redisUrl'),
      prefix,
      logger: createMemoryLogger(),
      process,
    });
    onTestFinished(() => worker.close({ deadlineMs: 2000 }));
    return worker;
  }

  it('runs a slot once, also when a scheduler adds it after it ran', async () => {
    const seen: PollJob[] = [];
    startWorker(async (poll) => {
      seen.push(poll);
    });
    const [first, second] = schedulers;
    await vi.waitFor(() => first.addPoll(POLL));
    await vi.waitFor(() => second.addPoll(POLL));
    await vi.waitFor(async () => expect(await redis.zcard(`${prefix}:polls:completed`)).toBe(1));
    await second.addPoll(POLL);
    const next = { ...POLL, slot: POLL.slot + 5 };
    await first.addPoll(next);
    await vi.waitFor(() => expect(seen).toContainEqual(next));
    expect(seen).toEqual([POLL, next]);
  });

  it('fails a poll that rejects, and does not repeat it', async () => {
    let calls = 0;
    startWorker(async () => {
      calls += 1;
      throw new Error('the source does not answer');
    });
    await vi.waitFor(() => schedulers[0].addPoll(POLL));
    await vi.waitFor(async () => expect(await redis.zcard(`${prefix}:polls:failed`)).toBe(1));
    expect(calls).toBe(1);
  });
});
