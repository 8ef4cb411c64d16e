import { expect, it, onTestFinished, vi } from 'vitest';
import { createRedis } from '../src/connection.ts';
import { createQueueStates } from '../src/queue-states.ts';
import { openEventsQueue, toBatch } from './fixtures.ts';

it('tells how every queue stands', async () => {
  const { prefix, logger, producer, redis, close } = await openEventsQueue();
  const handle = createRedis({
    url: `redis://${redis.options.host}:${redis.options.port}`,
    role: 'producer',
    logger,
  });
  onTestFinished(async () => {
    await handle.close();
    await close();
  });
  await vi.waitFor(() => handle.ping());
  const read = createQueueStates({ redis: handle, prefix, now: Date.now });
  const empty = {
    waiting: 0,
    active: 0,
    delayed: 0,
    failed: 0,
    parked: 0,
    paused: false,
    oldestWaitingMs: null,
  };
  expect(await read()).toEqual(
    expect.arrayContaining([
      { name: 'events', ...empty },
      { name: 'polls', ...empty },
    ]),
  );

  await producer.addBatch('b-i1-1', toBatch('a'));
  await producer.addBatch('b-i1-2', toBatch('b', 'c'));
  const [events] = (await read()).filter(({ name }) => name === 'events');
  expect(events).toMatchObject({ waiting: 2, active: 0, paused: false });
  expect(events?.oldestWaitingMs).toBeGreaterThanOrEqual(0);
  expect(events?.oldestWaitingMs).toBeLessThan(60_000);

  // Added an hour ago, tried since, and due again a moment ago.
  const now = Date.now();
  await redis.hset(`${prefix}:events:b-i1-1`, { timestamp: now - 3_600_000, dueAt: now - 5000 });
  const [again] = (await read()).filter(({ name }) => name === 'events');
  expect(again?.oldestWaitingMs).toBeGreaterThanOrEqual(5000);
  expect(again?.oldestWaitingMs).toBeLessThan(60_000);

  await redis.hset(`${prefix}:events:meta`, 'paused', '1');
  expect((await read()).find(({ name }) => name === 'events')).toMatchObject({ waiting: 2, paused: true });
});
