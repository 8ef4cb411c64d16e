import type { VitalQuery } from '@sluice/contracts/api';
import { createRedis } from '@sluice/queue/connection';
import { createJsonCache } from '@sluice/queue/json-cache';
import { createLatest } from '@sluice/store/latest';
import { createVitals, type VitalsReader } from '@sluice/store/vitals';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createVitalList } from '../src/vital-list.ts';
import { logger, NO_REDIS, useStores } from './fixtures.ts';

const stores = useStores();

const QUERY: VitalQuery = { count: 20, offset: 0, sortBy: 'timestamp', orderBy: 'desc' };

/** Two replicas of the api, on one Redis and clocks of their own, and a device that measures. */
async function start({ redisUrl = stores.redisUrl, skewMs = 0 } = {}) {
  const tenant = `t-${Math.random().toString(36).slice(2)}`;
  const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs: 250, logger });
  onTestFinished(() => redis.close());
  if (redisUrl !== NO_REDIS) await vi.waitFor(() => redis.ping());
  const clock = { nowMs: Date.now() };
  let readings = 0;
  const { list } = createVitals(stores.store);
  const vitals: VitalsReader = {
    list(...question) {
      readings += 1;
      return list(...question);
    },
  };
  const cache = createJsonCache({ redis, prefix: stores.prefix });
  const toList = (aheadMs: number) => {
    const ask = createVitalList({ vitals, cache, now: () => clock.nowMs + aheadMs });
    return async () => (await ask(tenant, QUERY)).resources[0]?.['heartRate'];
  };
  const { apply } = createLatest(stores.store);
  async function measure(heartRate: number): Promise<void> {
    const at = new Date(clock.nowMs + heartRate);
    const key = { tenant, source: 'vital-data', type: 'vitals', subject: 'watch' };
    await apply([{ ...key, _id: `${heartRate}`, timestamp: at, receivedAt: at, data: { heartRate } }]);
  }
  /** Returns the keys of what is kept, once something is. */
  async function untilKept(): Promise<string[]> {
    const pattern = `${stores.prefix}:cache:vital-data:${tenant}:*`;
    return vi.waitFor(async () => {
      const keys = await redis.client.keys(pattern);
      expect(keys).not.toEqual([]);
      return keys;
    });
  }
  return { one: toList(0), two: toList(skewMs), measure, clock, redis, untilKept, readings: () => readings };
}

it('answers all replicas with one reading, for less than a second', async () => {
  const { one, two, measure, clock, untilKept, readings } = await start();
  await measure(60);
  expect(await one()).toBe(60);
  await untilKept();
  await measure(61);
  expect(await two()).toBe(60);
  expect(readings()).toBe(1);
  clock.nowMs += 999;
  expect(await two()).toBe(60);
  clock.nowMs += 1;
  expect(await two()).toBe(61);
  expect(readings()).toBe(2);
});

it('takes nothing that Redis kept too long, or that comes from a clock that is ahead', async () => {
  const { one, two, measure, clock, redis, untilKept } = await start({ skewMs: -5000 });
  await measure(60);
  expect(await one()).toBe(60);
  for (const key of await untilKept()) await redis.client.persist(key);
  await measure(61);
  expect(await two()).toBe(61);
  clock.nowMs += 1000;
  expect(await one()).toBe(61);
});

it('answers the same when Redis has lost everything, holds something else, or is away', async () => {
  const { one, measure, redis, untilKept, readings } = await start();
  await measure(60);
  expect(await one()).toBe(60);
  for (const key of await untilKept()) await redis.client.set(key, '{"at":"never"}');
  await measure(61);
  expect(await one()).toBe(61);
  await redis.client.unlink(await untilKept());
  await measure(62);
  expect(await one()).toBe(62);
  expect(readings()).toBe(3);
  const without = await start({ redisUrl: NO_REDIS });
  for (const rate of [60, 61]) {
    await without.measure(rate);
    expect(await without.one()).toBe(rate);
  }
});

it('asks MongoDB once for those who ask at once', async () => {
  const { one, measure, readings } = await start({ redisUrl: NO_REDIS });
  await measure(60);
  expect(await Promise.all([one(), one(), one()])).toEqual([60, 60, 60]);
  expect(readings()).toBe(1);
});
