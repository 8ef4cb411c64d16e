import type { Mark } from '@sluice/contracts/queues';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventsInspector } from '../src/events-inspector.ts';
import { createEventsProducer, type EventsProducer } from '../src/events-producer.ts';
import {
  type createMemoryLogger,
  openEventsQueue,
  startOwnRedis,
  toBatch,
  toEvent,
  toSingle,
} from './fixtures.ts';

describe('the events producer', () => {
  let prefix: string;
  let producer: EventsProducer;
  let inspector: EventsInspector;
  let redis: Redis;
  let logger: ReturnType<typeof createMemoryLogger>;

  beforeEach(async () => {
    const opened = await openEventsQueue();
    ({ prefix, logger, producer, inspector, redis } = opened);
    return opened.close;
  });

  it('adds a job id once, however often it is sent', async () => {
    await Promise.all([
      producer.addBatch('b-i1-1', toBatch('a', 'b')),
      producer.addBatch('b-i1-1', toBatch('a', 'b')),
    ]);
    await producer.addBatch('b-i1-1', toBatch('c'));
    expect(await inspector.readCounts()).toMatchObject({ waiting: 1 });
    expect((await inspector.findJob('b-i1-1'))?.data).toEqual(toBatch('a', 'b'));
  });

  it('names a batch of one after its event, and others events', async () => {
    await producer.addBatch('b-i1-1', toBatch('a'));
    await producer.addBatch('b-i1-2', toBatch('a', 'b'));
    expect((await inspector.findJob('b-i1-1'))?.name).toBe(toEvent('a').eventId);
    expect((await inspector.findJob('b-i1-2'))?.name).toBe('events');
  });

  it('adds a batch in one round trip', async () => {
    // A server of its own: other test files send commands too.
    const { url } = await startOwnRedis();
    const counted = new Redis(url);
    const alone = createEventsProducer({ redisUrl: url, prefix, logger });
    await vi.waitFor(() => alone.addBatch('b-i1-0', toBatch('warm')));
    const sent: string[] = [];
    const monitor = await counted.monitor();
    monitor.on('monitor', (_time: string, [command]: string[], source: string) => {
      // Redis also reports what scripts call.
      if (source !== 'lua' && command !== undefined) sent.push(command);
    });
    for (let seq = 1; seq <= 20; seq += 1) await alone.addBatch(`b-i1-${seq}`, toBatch(`e${seq}`));
    await counted.echo('the end');
    await vi.waitFor(() => expect(sent.at(-1)).toBe('echo'));
    expect(sent).toEqual([...Array.from({ length: 20 }, () => 'evalsha'), 'echo']);
    monitor.disconnect();
    await alone.close();
    await counted.quit();
  });

  it('reads back the marks it wrote, in the order asked for', async () => {
    const mark: Mark = { jobId: 'b-i1-1', contentHash: 'abc' };
    const other: Mark = { jobId: 'b-i1-2', contentHash: 'def' };
    producer.writeMarks([
      { eventId: 'evt_1', mark },
      { eventId: 'evt_3', mark: other },
    ]);
    await vi.waitFor(async () => expect(await producer.readMarks(['evt_1'])).toEqual([mark]));
    expect(await producer.readMarks(['evt_3', 'evt_0', 'evt_1'])).toEqual([other, null, mark]);
    expect(await inspector.readMark('evt_1')).toEqual(mark);
    expect(await redis.ttl(`${prefix}:mark:evt_1`)).toBeGreaterThan(3500);
    await producer.removeMarks(['evt_1', 'evt_2']);
    expect(await producer.readMarks(['evt_1'])).toEqual([null]);
    expect(await inspector.readMark('evt_1')).toBeNull();
  });

  it('leaves the mark that was there first', async () => {
    const [first, second] = ['abc', 'def'].map((contentHash) => ({ jobId: 'b-i1-1', contentHash }));
    for (const mark of [first, second]) producer.writeMarks([{ eventId: 'evt_1', mark: mark as Mark }]);
    await producer.ping();
    expect(await producer.readMarks(['evt_1'])).toEqual([first]);
  });

  it('forgets an event whose mark comes only now', async () => {
    const mark: Mark = { jobId: 'b-i1-1', contentHash: 'abc' };
    await producer.removeMarks(['evt_1']);
    producer.writeMarks(['evt_1', 'evt_2'].map((eventId) => ({ eventId, mark })));
    await producer.ping();
    expect(await producer.readMarks(['evt_1', 'evt_2'])).toEqual([null, mark]);
    const seconds = await redis.ttl(`${prefix}:mark:evt_1`);
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it('counts marks that Redis refuses and throws nothing', async () => {
    const refusing = createEventsProducer({ redisUrl: 'redis://127.0.0.1:1', prefix, logger });
    refusing.writeMarks([
      { eventId: 'evt_1', mark: { jobId: 'j', contentHash: 'h' } },
      { eventId: 'evt_2', mark: { jobId: 'j', contentHash: 'h' } },
    ]);
    await vi.waitFor(() => expect(refusing.countLostMarks()).toBe(2));
    await refusing.close();
  });

  it('rejects when a part of the split jobs was not added', async () => {
    // Delayed jobs go into a sorted set: a string in its place makes Redis refuse them, and only them.
    await redis.set(`${prefix}:events:delayed`, 'in the way');
    const jobs = [
      { jobId: 'evt_a-h-0', job: toSingle('a'), delayMs: 0 },
      { jobId: 'evt_b-h-0', job: toSingle('b'), delayMs: 60_000 },
    ];
    await expect(producer.addSplit(jobs)).rejects.toThrow(DependencyAwayError);
    expect(await inspector.hasJobs(['evt_a-h-0'])).toEqual([true]);
    await redis.del(`${prefix}:events:delayed`, `${prefix}:events:evt_b-h-0`);
    await producer.addSplit(jobs);
    expect(await inspector.readCounts()).toMatchObject({ waiting: 1, delayed: 1 });
  });

  it('tells nothing of a payload when it fails', async () => {
    await redis.set(`${prefix}:events:wait`, 'in the way');
    const error = await producer.addBatch('b-i1-1', toBatch('a')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DependencyAwayError);
    expect(inspectDeep(error)).not.toContain('a-body-secret');
    expect(JSON.stringify(logger.lines)).not.toContain('a-body-secret');
  });

  it('counts parked jobs apart from those that wait for a retry', async () => {
    const park = { version: 9, since: '2026-01-01T00:00:00.000Z', count: 1 };
    await producer.addSplit([
      { jobId: 'b-i1-1-p9', job: { ...toBatch('a', 'b'), park }, delayMs: 60_000 },
      { jobId: 'evt_c-h-0', job: toSingle('c'), delayMs: 60_000 },
    ]);
    expect(await inspector.readCounts()).toEqual({ waiting: 0, active: 0, delayed: 1, failed: 0, parked: 1 });
  });

  it('keeps the event stream short', async () => {
    for (let seq = 0; seq < 300; seq += 1) await producer.addBatch(`b-i1-${seq}`, toBatch(`e${seq}`));
    expect(await redis.xlen(`${prefix}:events:events`)).toBeLessThan(300);
  });
});

function inspectDeep(error: unknown): string {
  const seen: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    seen.push(JSON.stringify(at, Object.getOwnPropertyNames(at)));
  }
  return seen.join('\n');
}
