import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createRedis, type RedisHandle } from '../src/connection.ts';
import { createJsonCache } from '../src/json-cache.ts';
import { createMemoryReader } from '../src/redis-memory.ts';
import { createMemoryLogger, toPrefix } from './fixtures.ts';

describe('values in Redis', () => {
  let prefix: string;
  let handle: RedisHandle;
  let redis: Redis;

  beforeEach(async () => {
    prefix = toPrefix();
    handle = createRedis({ url: inject('redisUrl'), role: 'producer', logger: createMemoryLogger() });
    redis = new Redis(inject('redisUrl'));
    await vi.waitFor(() => handle.ping());
  });

  afterEach(async () => {
    await handle.close();
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
  });

  it('are cached for as long as asked', async () => {
    const cache = createJsonCache({ redis: handle, prefix });
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', { b: [1, null] }, 60_000);
    await cache.set('c', 'for ever');
    expect(await cache.get('a')).toEqual({ b: [1, null] });
    expect(await redis.pttl(`${prefix}:cache:a`)).toBeGreaterThan(50_000);
    expect(await redis.pttl(`${prefix}:cache:c`)).toBe(-1);
  });

  it('are a miss when they are not JSON', async () => {
    await redis.set(`${prefix}:cache:a`, '{');
    expect(await createJsonCache({ redis: handle, prefix }).get('a')).toBeUndefined();
  });

  it('take a share of memory, read once however many ask', async () => {
    const readMemory = createMemoryReader({ redis: handle });
    const [first, second] = await Promise.all([readMemory(), readMemory()]);
    expect(first).toBe(second);
    expect(first.usedShare).toBeGreaterThan(0);
    expect(first.usedShare).toBeLessThan(1);
    expect(first.evicts).toBe(false);
  });
});
