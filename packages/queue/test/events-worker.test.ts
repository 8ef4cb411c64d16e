import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import type { EventsInspector } from '../src/events-inspector.ts';
import { createEventsProducer, type EventsProducer } from '../src/events-producer.ts';
import {
  createEventsWorker,
  type EventsJobView,
  type EventsWorkerOptions,
  type ProcessResult,
} from '../src/events-worker.ts';
import { createMemoryLogger, openEventsQueue, toBatch, toSingle } from './fixtures.ts';

describe('the events worker', () => {
  let prefix: string;
  let producer: EventsProducer;
  let inspector: EventsInspector;
  let redis: Redis;

  beforeEach(async () => {
    const opened = await openEventsQueue();
    ({ prefix, producer, inspector, redis } = opened);
    return opened.close;
  });

  function startWorker(
    process: (job: EventsJobView) => ProcessResult | Promise<ProcessResult>,
    options: Partial<EventsWorkerOptions> = {},
  ) {
    const seen: EventsJobView[] = [];
    const logger = createMemoryLogger();
    const worker = createEventsWorker({
      redisUrl: inject('redisUrl'),
      prefix,
      backoffMs: () => 10,
      logger,
      process: async (job) => {
        seen.push(job);
        return process(job);
      },
      ...options,
    });
    onTestFinished(() => worker.close({ deadlineMs: 2000 }));
    return { worker, seen, logger };
  }

  it('removes a job that is done', async () => {
    await producer.addBatch('b-i1-1', toBatch('a', 'b'));
    const { seen } = startWorker(() => ({ kind: 'done' }));
    await vi.waitFor(async () => expect(await inspector.hasJobs(['b-i1-1'])).toEqual([false]));
    expect(seen).toMatchObject([
      { id: 'b-i1-1', name: 'events', data: toBatch('a', 'b'), attemptsMade: 0, stalledCount: 0 },
    ]);
  });

  it('keeps other data with a job for whoever fetches it next', async () => {
    await producer.addBatch('b-i1-1', toBatch('a', 'b'));
    const { seen } = startWorker(async ({ data, updateData }) => {
      if (data.events.length === 1) return { kind: 'done' };
      await updateData(toBatch('a'));
      return { kind: 'hold', reason: 'once more' };
    });
    await vi.waitFor(() => expect(seen.map(({ data }) => data)).toEqual([toBatch('a', 'b'), toBatch('a')]), {
      timeout: 10_000,
    });
  });

  it('retries as often as it is told to, asking for the pause with the attempts made elsewhere', async () => {
    const backoffs: number[] = [];
    const { seen } = startWorker(
      ({ attemptsMade }) => (attemptsMade < 4 ? { kind: 'retry', message: 'once more' } : { kind: 'done' }),
      {
        backoffMs: (attempt) => {
          backoffs.push(attempt);
          return 5;
        },
      },
    );
    const short = createEventsProducer({
      redisUrl: inject('redisUrl'),
      prefix,
      attempts: 2,
      logger: createMemoryLogger(),
    });
    await vi.waitFor(() => short.ping());
    await short.addSplit([{ jobId: 'evt_a-h-0', job: toSingle('a', { attemptsBefore: 2 }), delayMs: 0 }]);
    await vi.waitFor(async () => expect(await inspector.hasJobs(['evt_a-h-0'])).toEqual([false]), 10_000);
    expect(seen.map(({ attemptsMade }) => attemptsMade)).toEqual([0, 1, 2, 3, 4]);
    expect(backoffs).toEqual([3, 4, 5, 6]);
    await short.close();
  });

  it('keeps a dead job among the failed ones, with its reason', async () => {
    startWorker(() => ({ kind: 'dead', message: 'ERR_X: beyond help' }));
    await producer.addSplit([{ jobId: 'evt_a-h-0', job: toSingle('a'), delayMs: 0 }]);
    await vi.waitFor(async () => expect(await inspector.readCounts()).toMatchObject({ failed: 1 }));
    const job = await inspector.findJob('evt_a-h-0');
    expect(job).toMatchObject({ state: 'failed', failedReason: 'ERR_X: beyond help' });
  });

  it('keeps fewer of the failed ones where they are large, the newest', async () => {
    startWorker(() => ({ kind: 'dead', message: 'ERR_X: beyond help' }), { concurrency: 1 });
    const large = toSingle('large');
    const body = 'x'.repeat(15 * 1024 * 1024);
    const jobs = ['small-1', 'small-2', 'large-1', 'large-2', 'large-3', 'large-4', 'large-5'];
    for (const jobId of jobs) {
      const job = jobId.startsWith('small')
        ? toSingle(jobId)
        : { ...large, events: large.events.map((event) => ({ ...event, body })) };
      await producer.addSplit([{ jobId, job, delayMs: 0 }]);
      await vi.waitFor(
        async () => expect(await inspector.findJob(jobId)).toMatchObject({ state: 'failed' }),
        {
          timeout: 20_000,
        },
      );
    }
    expect(await inspector.hasJobs(jobs)).toEqual([false, false, false, true, true, true, true]);
  });

  it('holds jobs in order and without counting an attempt, and runs them after resume', async () => {
    let isAway = true;
    await producer.addBatch('b-i1-1', toBatch('a'));
    await producer.addBatch('b-i1-2', toBatch('b'));
    const { worker, seen } = startWorker(
      async () => {
        if (!isAway) return { kind: 'done' };
        await worker.pause();
        return { kind: 'hold', reason: 'away' };
      },
      { concurrency: 1 },
    );
    await vi.waitFor(async () => {
      expect(seen).toHaveLength(1);
      expect(await inspector.readCounts()).toMatchObject({ waiting: 2, active: 0 });
    });
    isAway = false;
    await worker.resume();
    await vi.waitFor(async () =>
      expect(await inspector.readCounts()).toMatchObject({ waiting: 0, active: 0 }),
    );
    expect(seen.map(({ id, attemptsMade }) => [id, attemptsMade])).toEqual([
      ['b-i1-1', 0],
      ['b-i1-1', 0],
      ['b-i1-2', 0],
    ]);
  });

  it('keeps fetching after many pauses and resumes', async () => {
    const { worker } = startWorker(() => ({ kind: 'done' }));
    for (let seq = 0; seq < 30; seq += 1) {
      await worker.pause();
      await producer.addBatch(`b-i1-${seq}`, toBatch(`${seq}`));
      await worker.resume();
    }
    await vi.waitFor(async () =>
      expect(await inspector.readCounts()).toMatchObject({ waiting: 0, active: 0 }),
    );
  });

  it('rests a held job while fetching goes on', async () => {
    const { seen } = startWorker(({ id }) => {
      const isFirst = seen.filter((job) => job.id === id).length === 1;
      return isFirst ? { kind: 'hold', reason: 'away' } : { kind: 'done' };
    });
    await producer.addBatch('b-i1-1', toBatch('a'));
    await vi.waitFor(async () => expect(await inspector.readCounts()).toMatchObject({ delayed: 1 }));
    await vi.waitFor(() => expect(seen).toHaveLength(2), 5000);
    expect(seen[1]).toMatchObject({ attemptsMade: 0 });
  });

  it('parks with new data and without counting an attempt', async () => {
    const park = { version: 9, since: '2026-01-01T00:00:00.000Z', count: 1 };
    const { seen } = startWorker(({ data }) =>
      data.park === undefined ? { kind: 'park', delayMs: 500, data: { ...data, park } } : { kind: 'done' },
    );
    await producer.addSplit([{ jobId: 'evt_a-h-0', job: toSingle('a'), delayMs: 0 }]);
    await vi.waitFor(async () =>
      expect(await inspector.readCounts()).toMatchObject({ parked: 1, delayed: 0 }),
    );
    await vi.waitFor(async () => expect(await inspector.hasJobs(['evt_a-h-0'])).toEqual([false]), 5000);
    expect(seen[1]).toMatchObject({ attemptsMade: 0, data: { park } });
    expect(await redis.scard(`${prefix}:parked`)).toBe(0);
  });

  it('parks a job of an envelope that it does not know', async () => {
    const { seen } = startWorker(() => ({ kind: 'done' }));
    await producer.addBatch('b-i1-1', { ...toBatch('a'), envelope: 2 as 1 });
    await vi.waitFor(async () => expect(await inspector.readCounts()).toMatchObject({ parked: 1 }));
    expect(seen).toEqual([]);
  });

  it('fails a malformed job for good and says what is wrong', async () => {
    const { seen } = startWorker(() => ({ kind: 'done' }));
    await producer.addBatch('b-i1-1', { ...toBatch('a'), instance: 7 as unknown as string });
    await vi.waitFor(async () => expect(await inspector.readCounts()).toMatchObject({ failed: 1 }));
    expect((await inspector.findJob('b-i1-1'))?.failedReason).toContain('instance');
    expect(seen).toEqual([]);
  });

  it('retries a single job and holds a batch when processing throws', async () => {
    const { seen, logger } = startWorker(({ id }) => {
      if (seen.filter((job) => job.id === id).length === 1) throw new TypeError('a defect');
      return { kind: 'done' };
    });
    await producer.addSplit([{ jobId: 'evt_a-h-0', job: toSingle('a'), delayMs: 0 }]);
    await producer.addBatch('b-i1-1', toBatch('b', 'c'));
    await vi.waitFor(
      async () => expect(await inspector.hasJobs(['evt_a-h-0', 'b-i1-1'])).toEqual([false, false]),
      5000,
    );
    const second = (id: string) => seen.filter((job) => job.id === id)[1];
    expect(second('evt_a-h-0')).toMatchObject({ attemptsMade: 1 });
    expect(second('b-i1-1')).toMatchObject({ attemptsMade: 0 });
    expect(logger.lines).toContainEqual(expect.objectContaining({ reason: 'a defect' }));
  });

  it('gives the job of a killed worker to another one, and says that it stalled', async () => {
    await producer.addBatch('b-i1-1', toBatch('a'));
    const program = fileURLToPath(new URL('./holding-worker.ts', import.meta.url));
    const child = spawn(process.execPath, [program, inject('redisUrl'), prefix], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(await inspector.readCounts()).toMatchObject({ active: 1 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { seen } = startWorker(() => ({ kind: 'done' }), { lockDurationMs: 1000, stalledIntervalMs: 300 });
    await vi.waitFor(() => expect(seen).toHaveLength(1), 10_000);
    expect(seen[0]).toMatchObject({ id: 'b-i1-1', stalledCount: 1, attemptsMade: 0 });
  });

  it('waits for the job in hand when it closes', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { worker, seen } = startWorker(async () => {
      await released;
      return { kind: 'done' };
    });
    await producer.addBatch('b-i1-1', toBatch('a'));
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    const closed = worker.close({ deadlineMs: 5000 });
    release();
    await closed;
    expect(await inspector.hasJobs(['b-i1-1'])).toEqual([false]);
  });

  it('closes at its deadline when the job in hand does not end', async () => {
    const { worker, seen } = startWorker(() => new Promise(() => undefined));
    await producer.addBatch('b-i1-1', toBatch('a'));
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    const start = performance.now();
    await worker.close({ deadlineMs: 300 });
    expect(performance.now() - start).toBeLessThan(1500);
    expect(await inspector.hasJobs(['b-i1-1'])).toEqual([true]);
  });
});
