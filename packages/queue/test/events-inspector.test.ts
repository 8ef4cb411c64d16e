import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventsInspector } from '../src/events-inspector.ts';
import type { EventsProducer } from '../src/events-producer.ts';
import { openEventsQueue, toBatch, toEvent } from './fixtures.ts';

describe('the events inspector', () => {
  let prefix: string;
  let producer: EventsProducer;
  let inspector: EventsInspector;
  let redis: Redis;

  beforeEach(async () => {
    const opened = await openEventsQueue();
    ({ prefix, producer, inspector, redis } = opened);
    return opened.close;
  });

  it('says of each batch how many events its job holds', async () => {
    await producer.addBatch('b-i1-1', toBatch('a', 'b', 'c'));
    await producer.addBatch('b-i1-2', toBatch('d'));
    const names = [1, 2, 3].map((seq) => ({ instance: 'i1', seq }));
    expect(await inspector.countBatchEvents(names)).toEqual([3, 1, null]);
    expect(await inspector.hasJobs(['b-i1-1', 'b-i1-3'])).toEqual([true, false]);
  });

  it('counts the events of a job whose producer did not say', async () => {
    await producer.addBatch('b-i1-1', toBatch('a', 'b', 'c'));
    await redis.hset(`${prefix}:events:b-i1-1`, 'opts', '{}');
    expect(await inspector.countBatchEvents([{ instance: 'i1', seq: 1 }])).toEqual([3]);
  });

  it('counts the events that wait, and of many jobs about how many', async () => {
    expect(await inspector.countWaitingEvents()).toBe(0);
    await producer.addBatch('b-i1-1', toBatch('a', 'b', 'c'));
    await producer.addBatch('b-i1-2', toBatch('d'));
    expect(await inspector.countWaitingEvents()).toBe(4);
    // Jobs that are gone: as where workers fetch them meanwhile.
    const more = Array.from({ length: 1998 }, (_, index) => `gone-${index}`);
    await redis.rpush(`${prefix}:events:wait`, ...more.slice(0, 999));
    await redis.lpush(`${prefix}:events:wait`, ...more.slice(999));
    await redis.hset(`${prefix}:events:gone-1`, 'opts', '{"eventCount":50}');
    expect(await inspector.countWaitingEvents()).toBe(2000);
    await redis.hset(`${prefix}:events:gone-998`, 'opts', '{"eventCount":101}');
    expect(await inspector.countWaitingEvents()).toBe(2200);
    await redis.del(`${prefix}:events:wait`);
  });

  it('tells how long the next job has waited, or that none does', async () => {
    expect(await inspector.readOldestWaitingMs()).toBeNull();
    await producer.addBatch('b-i1-1', toBatch('a'));
    await redis.hset(`${prefix}:events:b-i1-1`, 'timestamp', Date.now() - 5000);
    await producer.addBatch('b-i1-2', toBatch('b'));
    expect(await inspector.readOldestWaitingMs()).toBeGreaterThanOrEqual(5000);
  });

  it('finds a job and its state, or nothing', async () => {
    await producer.addBatch('b-i1-1', toBatch('a'));
    expect(await inspector.findJob('b-i1-1')).toMatchObject({
      id: 'b-i1-1',
      state: 'waiting',
      data: toBatch('a'),
      attemptsMade: 0,
      stalledCount: 0,
    });
    expect(await inspector.findJob('b-i1-2')).toBeNull();
  });

  it('pages through the events of all jobs, newest job first, while new ones arrive', async () => {
    for (let seq = 0; seq < 20; seq += 1) {
      await producer.addBatch(`b-i1-${seq}`, toBatch(`${seq}-x`, `${seq}-y`, `${seq}-z`));
    }
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await inspector.listEvents({ state: 'waiting', limit: 7, ...(cursor && { cursor }) });
      ids.push(...page.items.map(({ event }) => event.eventId));
      cursor = page.nextCursor;
      await producer.addBatch(`b-i1-later-${ids.length}`, toBatch(`later-${ids.length}`));
    } while (cursor !== null);
    const expected = Array.from({ length: 20 }, (_, index) => 19 - index).flatMap((seq) =>
      ['x', 'y', 'z'].map((letter) => toEvent(`${seq}-${letter}`).eventId),
    );
    expect(ids).toEqual(expected);
  });

  it('ends the list where the job of the cursor has gone', async () => {
    for (const seq of [1, 2, 3]) await producer.addBatch(`b-i1-${seq}`, toBatch(`${seq}`));
    const { nextCursor } = await inspector.listEvents({ state: 'waiting', limit: 1 });
    await redis.lrem(`${prefix}:events:wait`, 1, 'b-i1-2');
    const page = await inspector.listEvents({ state: 'waiting', limit: 1, cursor: nextCursor ?? '' });
    expect(page).toEqual({ items: [], nextCursor: null });
    expect(await inspector.listEvents({ state: 'waiting', limit: 1, cursor: 'nonsense' })).toEqual(page);
  });
});
