import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createEventsInspector } from '../src/events-inspector.ts';
import { createEventsProducer } from '../src/events-producer.ts';
import { createEventsWorker, type ProcessResult } from '../src/events-worker.ts';
import { createMemoryLogger, startOwnRedis, toPrefix, toSingle } from './fixtures.ts';

const MIB = 1024 ** 2;
const JOBS = 24;

/** A job of one event with a body of 1 MiB. */
function toLargeJob(name: string) {
  const job = toSingle(name);
  const events = job.events.map((event) => ({ ...event, body: 'x'.repeat(MIB) }));
  return { jobId: name, job: { ...job, events }, delayMs: 0 };
}

async function openQueue() {
  const redis = await startOwnRedis();
  const options = { redisUrl: redis.url, prefix: toPrefix(), logger: createMemoryLogger() };
  const producer = createEventsProducer({ ...options, deadlineMs: 5000 });
  const inspector = createEventsInspector(options);
  const client = new Redis(redis.url);
  onTestFinished(async () => {
    client.disconnect();
    await Promise.all([producer.close(), inspector.close()]);
  });
  await vi.waitFor(() => Promise.all([producer.ping(), inspector.ping()]));
  return { options, producer, inspector, client };
}

it('a worker empties a Redis that is over its maxmemory', { timeout: 60_000 }, async () => {
  const { options, producer, inspector, client } = await openQueue();
  const jobs = Array.from({ length: JOBS }, (_, index) => toLargeJob(`job-${index}`));
  for (const job of jobs) await producer.addSplit([job]);
  const mark = { jobId: 'b-i-1', contentHash: 'c' };
  producer.writeMarks([{ eventId: 'evt_1', mark }]);
  await vi.waitFor(async () => expect(await producer.readMarks(['evt_1'])).toEqual([mark]));
  await client.config('SET', 'maxmemory', `${(JOBS / 2) * MIB}`);
  await expect(producer.addSplit([toLargeJob('refused')])).rejects.toThrow('OOM');
  await producer.removeMarks(['evt_1']);
  expect(await producer.readMarks(['evt_1'])).toEqual([null]);

  const results: Readonly<Record<string, ProcessResult>> = {
    'job-0': { kind: 'retry', message: 'not yet' },
    'job-1': { kind: 'hold', reason: 'MongoDB is away' },
    'job-2': { kind: 'park', delayMs: 100 },
  };
  const seen = new Map<string, number>();
  const worker = createEventsWorker({
    ...options,
    concurrency: 4,
    backoffMs: () => 100,
    process: async ({ id }) => {
      const times = (seen.get(id) ?? 0) + 1;
      seen.set(id, times);
      const result = results[id];
      return times > 1 || result === undefined ? { kind: 'done' } : result;
    },
  });
  onTestFinished(() => worker.close({ deadlineMs: 2000 }));

  await vi.waitFor(
    async () => {
      expect(seen.size).toBe(JOBS);
      expect(await inspector.readCounts()).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    },
    { timeout: 15_000, interval: 200 },
  );
  expect([seen.get('job-0'), seen.get('job-1'), seen.get('job-2')]).toEqual([2, 2, 2]);
  await producer.addSplit([toLargeJob('room-again')]);
});
