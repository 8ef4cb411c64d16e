import fastify, { type FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { type BullBoardOptions, registerBullBoard } from '../src/bull-board.ts';
import type { EventsInspector } from '../src/events-inspector.ts';
import type { EventsProducer } from '../src/events-producer.ts';
import { createEventsWorker, type EventsJobView, type ProcessResult } from '../src/events-worker.ts';
import {
  createMemoryLogger,
  openEventsQueue,
  startOwnRedis,
  toBatch,
  toEvent,
  toSingle,
} from './fixtures.ts';

const API = '/admin/queues/api/queues';

describe('Bull Board', () => {
  let prefix: string;
  let producer: EventsProducer;
  let inspector: EventsInspector;
  let redis: Redis;
  let board: FastifyInstance;

  beforeEach(async () => {
    const opened = await openEventsQueue();
    ({ prefix, producer, inspector, redis } = opened);
    board = await startBoard();
    await vi.waitFor(async () => expect((await board.inject(API)).statusCode).toBe(200));
    return async () => {
      await board.close();
      await opened.close();
    };
  });

  async function startBoard(options: Partial<BullBoardOptions> = {}): Promise<FastifyInstance> {
    const app = fastify();
    await registerBullBoard(app, {
      redisUrl: inject('redisUrl'),
      prefix,
      logger: createMemoryLogger(),
      ...options,
    });
    await app.ready();
    return app;
  }

  function startWorker(process: (job: EventsJobView) => ProcessResult): EventsJobView[] {
    const seen: EventsJobView[] = [];
    const worker = createEventsWorker({
      redisUrl: inject('redisUrl'),
      prefix,
      name: 'test-worker',
      backoffMs: () => 5,
      logger: createMemoryLogger(),
      process: async (job) => {
        seen.push(job);
        return process(job);
      },
    });
    onTestFinished(() => worker.close({ deadlineMs: 2000 }));
    return seen;
  }

  it('shows its page, its queues and their workers', async () => {
    startWorker(() => ({ kind: 'done' }));
    const page = await board.inject('/admin/queues/');
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('<title>Sluice</title>');
    const script = /static\/js\/[^"]+\.js/.exec(page.body)?.[0] ?? '';
    expect((await board.inject(`/admin/queues/${script}`)).statusCode).toBe(200);
    await vi.waitFor(async () => {
      const workers = await board.inject(`${API}/events/workers`);
      expect(workers.json()).toMatchObject({ workers: [{ name: 'test-worker' }] });
    });
    expect((await board.inject(API)).json()).toMatchObject({
      queues: [{ name: 'events' }, { name: 'polls' }, { name: 'sync' }],
    });
    expect((await board.inject('/admin/queues/api/redis/stats')).statusCode).toBe(200);
  });

  it('never shows a payload', async () => {
    await producer.addBatch('b-i1-1', toBatch('a', 'b'));
    for (const url of [
      `${API}?activeQueue=events&status=waiting`,
      `${API}/events/b-i1-1`,
      `${API}/events/b-i1-1/flow`,
    ]) {
      const answer = await board.inject(url);
      expect(answer.statusCode).toBe(200);
      expect(answer.body).not.toContain('secret');
    }
    const { job } = (await board.inject(`${API}/events/b-i1-1`)).json();
    expect(job.data.events[0]).toMatchObject({
      source: 'shop',
      body: `(redacted, ${toEvent('a').body.length} bytes)`,
    });
  });

  it('runs a dead job again with fresh attempts', async () => {
    let isMended = false;
    const seen = startWorker(({ attemptsMade }) => {
      if (isMended) return { kind: 'done' };
      return attemptsMade < 2
        ? { kind: 'retry', message: 'ERR_X' }
        : { kind: 'dead', message: 'ERR_X: gave up' };
    });
    await producer.addSplit([{ jobId: 'evt_a-h-0', job: toSingle('a'), delayMs: 0 }]);
    await vi.waitFor(async () => expect(await inspector.readCounts()).toMatchObject({ failed: 1 }), 5000);
    await redis.hset(`${prefix}:events:evt_a-h-0`, 'stc', 5);
    isMended = true;
    const before = Date.now();
    const answer = await board.inject({ method: 'PUT', url: `${API}/events/evt_a-h-0/retry` });
    expect(answer.statusCode).toBe(204);
    await vi.waitFor(async () => expect(await inspector.hasJobs(['evt_a-h-0'])).toEqual([false]));
    const last = seen.at(-1);
    expect(last).toMatchObject({ attemptsMade: 0, stalledCount: 0, data: { events: toSingle('a').events } });
    expect(last?.data.single).toMatchObject({ attemptsBefore: 0, reason: 'replay' });
    expect(last?.data.single?.run).toBeGreaterThanOrEqual(before);
  });

  it('lets a job that is run again wait from now on, however long ago it came', async () => {
    await producer.addSplit([{ jobId: 'evt_a-h-0', job: toSingle('a'), delayMs: 0 }]);
    await redis.hset(`${prefix}:events:evt_a-h-0`, 'timestamp', Date.now() - 6 * 86_400_000);
    await redis.del(`${prefix}:events:wait`);
    await redis.zadd(`${prefix}:events:failed`, 1, 'evt_a-h-0');
    const answer = await board.inject({ method: 'PUT', url: `${API}/events/evt_a-h-0/retry` });
    expect(answer.statusCode).toBe(204);
    expect(await inspector.readOldestWaitingMs()).toBeLessThan(60_000);
  });

  it('runs all dead jobs again', async () => {
    let isMended = false;
    const seen = startWorker(() => (isMended ? { kind: 'done' } : { kind: 'dead', message: 'ERR_X' }));
    await producer.addSplit(
      ['a', 'b', 'c'].map((name) => ({ jobId: `evt_${name}-h-0`, job: toSingle(name), delayMs: 0 })),
    );
    await vi.waitFor(async () => expect(await inspector.readCounts()).toMatchObject({ failed: 3 }));
    isMended = true;
    const answer = await board.inject({ method: 'PUT', url: `${API}/events/retry/failed` });
    expect(answer.json()).toMatchObject({ retried: 3 });
    await vi.waitFor(() => expect(seen).toHaveLength(6));
    expect(seen.slice(3).map(({ data }) => data.single?.reason)).toEqual(['replay', 'replay', 'replay']);
  });

  it('promotes a delayed job', async () => {
    await producer.addSplit([{ jobId: 'evt_a-h-0', job: toSingle('a'), delayMs: 60_000 }]);
    expect((await board.inject({ method: 'PUT', url: `${API}/events/evt_a-h-0/promote` })).statusCode).toBe(
      204,
    );
    expect(await inspector.readCounts()).toMatchObject({ waiting: 1, delayed: 0 });
  });

  it.each([
    ['PUT', '/events/evt_a-h-0/clean'],
    ['PUT', '/events/clean/waiting'],
    ['PUT', '/events/empty'],
    ['PUT', '/events/obliterate'],
    ['PUT', '/events/pause'],
    ['PUT', '/events/resume'],
    ['PUT', '/events/concurrency'],
    ['PUT', '/events/rate-limit'],
    ['PUT', '/events/rate-limit/release'],
    ['PUT', '/pause'],
    ['PUT', '/resume'],
    ['POST', '/events/add'],
    ['PATCH', '/events/evt_a-h-0/update-data'],
    ['PATCH', '/events/evt_a-h-0/delay'],
    ['PATCH', '/events/evt_a-h-0/priority'],
    ['PUT', '/events/evt_a-h-0/remove-unprocessed-children'],
    ['PUT', '/events/job-schedulers/x/remove'],
    ['PUT', '/events/job-schedulers/x/run'],
    ['PATCH', '/events/job-schedulers/x'],
    ['PUT', '/polls/empty'],
  ] as const)('answers %s %s with 405 and changes nothing', async (method, path) => {
    await producer.addSplit([{ jobId: 'evt_a-h-0', job: toSingle('a'), delayMs: 0 }]);
    const answer = await board.inject({ method, url: `${API}${path}`, payload: {} });
    expect(answer.statusCode).toBe(405);
    expect(await inspector.findJob('evt_a-h-0')).toMatchObject({ state: 'waiting', data: toSingle('a') });
    expect(await redis.hexists(`${prefix}:events:meta`, 'paused')).toBe(0);
  });

  it('answers the promotion of a job that is not delayed with a reason, not with an error of ours', async () => {
    const answers: unknown[] = [];
    const told = await startBoard({
      answerError: (error, _request, reply) => {
        answers.push(error);
        reply.code(409).send();
      },
    });
    onTestFinished(() => told.close());
    await vi.waitFor(async () => expect((await told.inject(API)).statusCode).toBe(200));
    answers.length = 0;
    await producer.addSplit([{ jobId: 'evt_a-h-0', job: toSingle('a'), delayMs: 0 }]);
    const url = `${API}/events/evt_a-h-0/promote`;
    expect((await told.inject({ method: 'PUT', url })).statusCode).toBe(409);
    const undecodable = await told.inject(`${API}?activeQueue=%25ZZ`);
    expect(undecodable.statusCode).toBe(409);
    expect(answers).toMatchObject([{ code: 'ERR_JOB_STATE' }, { code: 'ERR_QUERY_INVALID' }]);
    expect(await inspector.findJob('evt_a-h-0')).toMatchObject({ state: 'waiting', data: toSingle('a') });
  });

  it('offers no button to who may not operate', async () => {
    const shown = await startBoard({ mayOperate: ({ headers }) => headers['x-role'] === 'operator' });
    onTestFinished(() => shown.close());
    await vi.waitFor(async () => expect((await shown.inject(API)).statusCode).toBe(200));
    const read = async (role: string) =>
      (await shown.inject({ url: API, headers: { 'x-role': role } })).json().queues;
    const isOpen = { readOnlyMode: false, allowRetries: true };
    for (const queue of await read('viewer'))
      expect(queue).toMatchObject({ readOnlyMode: true, allowRetries: false });
    for (const queue of await read('operator')) expect(queue).toMatchObject(isOpen);
  });

  it('shows its page and says soon that Redis is away, also when it is silent', async () => {
    const own = await startOwnRedis();
    const answers: unknown[] = [];
    const lost = await startBoard({
      redisUrl: own.url,
      answerError: (error, _request, reply) => {
        answers.push(error);
        reply.code(503).send();
      },
    });
    onTestFinished(() => lost.close());
    await vi.waitFor(async () => expect((await lost.inject(API)).statusCode).toBe(200));
    answers.length = 0;
    const expectAway = async (withinMs: number) => {
      expect((await lost.inject('/admin/queues/')).statusCode).toBe(200);
      const beganMs = performance.now();
      const all = await Promise.all([
        ...[API, `${API}/events/x`, `${API}/events/x/flow`].map((url) => lost.inject(url)),
        lost.inject({ method: 'PUT', url: `${API}/events/x/retry` }),
        lost.inject({ method: 'PUT', url: `${API}/events/retry/failed` }),
      ]);
      expect(performance.now() - beganMs).toBeLessThan(withinMs);
      expect(all.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503, 503, 503]);
    };
    await own.freeze();
    await expectAway(2500);
    await own.kill();
    await expectAway(2500);
    expect(answers).toHaveLength(10);
    for (const error of answers)
      expect(error).toMatchObject({ name: 'DependencyAwayError', dependency: 'redis' });
  });
});
