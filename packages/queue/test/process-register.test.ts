import type { ProcessBeat } from '@sluice/contracts/processes';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { createRedis } from '../src/connection.ts';
import { startProcessBeats } from '../src/process-beats.ts';
import { createProcessRegister } from '../src/process-register.ts';
import { createMemoryLogger, toPrefix } from './fixtures.ts';

const logger = createMemoryLogger();

async function openRegister(prefix = toPrefix()) {
  const redis = createRedis({ url: inject('redisUrl'), role: 'producer', logger });
  onTestFinished(async () => {
    const keys = await redis.client.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.client.del(keys);
    await redis.close();
  });
  await vi.waitFor(() => redis.ping());
  return { redis, prefix, open: (options = {}) => createProcessRegister({ redis, prefix, ...options }) };
}

function toBeat(instance: string, fields: Partial<ProcessBeat> = {}): ProcessBeat {
  return {
    ...{
      instance,
      app: 'worker',
      host: 'here',
      pid: 1,
      version: '1.0.0',
      startedAt: '2026-01-01T00:00:00.000Z',
    },
    ...{ state: 'running', since: null, reason: null, serves: [], schemaVersions: null, lastMinute: {} },
    ...fields,
  };
}

it('tells what each process said last, and how long ago that was', async () => {
  const { open } = await openRegister();
  const register = open();
  expect(await register.list()).toEqual([]);
  await register.beat(toBeat('w-1'));
  await register.beat(toBeat('w-2'));
  const held = toBeat('w-1', {
    state: 'holding',
    since: '2026-01-01T00:00:01.000Z',
    reason: 'MongoDB is away.',
  });
  await register.beat(held);
  const heard = await register.list();
  expect(heard.map(({ beat }) => beat).toSorted((a, b) => (a.instance < b.instance ? -1 : 1))).toEqual([
    held,
    toBeat('w-2'),
  ]);
  for (const { silentMs, seenAt } of heard) {
    expect(silentMs).toBeLessThan(10_000);
    expect(Math.abs(seenAt.getTime() - Date.now())).toBeLessThan(10_000);
  }
});

it('forgets who has said nothing for long, and leaves nothing behind', async () => {
  const { redis, prefix, open } = await openRegister();
  const register = open({ keepMs: 60 });
  await register.beat(toBeat('gone'));
  await vi.waitFor(async () => expect(await register.list()).toEqual([]));
  await register.beat(toBeat('here'));
  expect(await redis.client.hkeys(`${prefix}:processes:said`)).toEqual(['here']);
  await vi.waitFor(async () => expect(await redis.client.keys(`${prefix}:*`)).toEqual([]));
});

it('leaves out what it cannot read', async () => {
  const { redis, prefix, open } = await openRegister();
  const register = open();
  await register.beat(toBeat('w-1'));
  await redis.client.hset(`${prefix}:processes:said`, 'w-1', '{"instance":"w-1"}');
  expect(await register.list()).toEqual([]);
});

it('writes a change of state at once, and says goodbye at the end', async () => {
  const { prefix, open } = await openRegister();
  const register = open();
  const now = { state: 'running' as 'running' | 'holding' };
  const beats = startProcessBeats({
    ...{ redisUrl: inject('redisUrl'), prefix, logger, now: Date.now, lookMs: 20, isClosing: () => false },
    identity: { app: 'worker', instance: 'w-1', host: 'here', pid: 7, version: '1.0.0' },
    read: () => ({ ...now, serves: [{ queue: 'events', concurrency: 40 }] }),
  });
  onTestFinished(beats.stop);
  const readState = async () => (await register.list()).map(({ beat }) => beat.state);
  await vi.waitFor(async () => expect(await readState()).toEqual(['running']));
  now.state = 'holding';
  await vi.waitFor(async () => expect(await readState()).toEqual(['holding']));
  await beats.stop();
  expect(await readState()).toEqual(['ended']);
});

it('starts and ends within a moment while Redis is away', async () => {
  const beats = startProcessBeats({
    ...{ redisUrl: 'redis://127.0.0.1:9', prefix: toPrefix(), logger, now: Date.now, isClosing: () => false },
    identity: { app: 'live', instance: 'l-1', host: 'here', pid: 7, version: '1.0.0' },
  });
  const startedMs = performance.now();
  await beats.stop();
  expect(performance.now() - startedMs).toBeLessThan(2000);
});
