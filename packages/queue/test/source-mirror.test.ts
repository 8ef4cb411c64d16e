import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { Redis } from 'ioredis';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { toSourcesKey } from '../src/redis-keys.ts';
import { createSourceMirror } from '../src/source-mirror.ts';
import { createMemoryLogger, startOwnRedis, timed, toPrefix } from './fixtures.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const copy = (version: string, content: string) => ({ version, readAt: at(1), content: [content] });

async function openMirror(redisUrl = inject('redisUrl')) {
  const prefix = toPrefix();
  const mirror = createSourceMirror({ redisUrl, prefix, logger: createMemoryLogger() });
  const redis = new Redis(redisUrl);
  redis.on('error', () => undefined);
  onTestFinished(async () => {
    await mirror.close();
    if (redis.status === 'ready') await redis.del(toSourcesKey(prefix));
    redis.disconnect();
  });
  await vi.waitFor(() => mirror.readHead());
  return { mirror, redis, prefix };
}

it('gives back what was copied last, and nothing before', async () => {
  const { mirror } = await openMirror();
  expect([await mirror.readHead(), await mirror.read()]).toEqual([null, null]);
  expect(await mirror.replace(copy('1', 'first'), null)).toBe(true);
  expect(await mirror.read()).toEqual(copy('1', 'first'));
  expect(await mirror.replace(copy('2', 'second'), '1')).toBe(true);
  expect(await mirror.read()).toEqual(copy('2', 'second'));
  expect(await mirror.readHead()).toEqual({ version: '2', readAt: at(1) });
});

it('refuses whoever has not seen the copy that is there', async () => {
  const { mirror } = await openMirror();
  await mirror.replace(copy('1', 'first'), null);
  await mirror.replace(copy('2', 'newer'), '1');
  expect(await mirror.replace(copy('1', 'of a slow process'), '1')).toBe(false);
  expect(await mirror.replace(copy('1', 'of one that saw nothing'), null)).toBe(false);
  expect(await mirror.read()).toEqual(copy('2', 'newer'));
});

it('lets one of many write over the same copy', async () => {
  const { mirror } = await openMirror();
  const wrote = await Promise.all(
    Array.from({ length: 20 }, (_, index) => mirror.replace(copy(`${index}`, 'x'), null)),
  );
  expect(wrote.filter(Boolean)).toHaveLength(1);
});

it('notes when the same was read again, of that version alone', async () => {
  const { mirror } = await openMirror();
  expect(await mirror.confirm({ version: '1', readAt: at(5) })).toBe(false);
  await mirror.replace(copy('1', 'first'), null);
  expect(await mirror.confirm({ version: '1', readAt: at(5) })).toBe(true);
  expect(await mirror.confirm({ version: '0', readAt: at(9) })).toBe(false);
  expect(await mirror.read()).toEqual({ ...copy('1', 'first'), readAt: at(5) });
});

it('waits for a connection that is coming up when it reads', async () => {
  const { mirror, redis, prefix } = await openMirror();
  await mirror.replace(copy('1', 'first'), null);
  const options = { redisUrl: inject('redisUrl'), prefix, logger: createMemoryLogger() };
  const cold = createSourceMirror({ ...options, deadlineMs: 5000 });
  onTestFinished(() => cold.close());
  expect(await cold.read()).toEqual(copy('1', 'first'));
  expect(await redis.exists(toSourcesKey(prefix))).toBe(1);
});

it('says within its deadline that Redis is frozen or gone, and works when it is back', async () => {
  const server = await startOwnRedis();
  const { mirror } = await openMirror(server.url);
  await mirror.replace(copy('1', 'first'), null);
  const expectAway = async () => {
    const calls: readonly Promise<unknown>[] = [
      mirror.readHead(),
      mirror.read(),
      mirror.confirm({ version: '1', readAt: at(5) }),
    ];
    for (const { ms, error } of await Promise.all(calls.map((call) => timed(call)))) {
      expect(error).toBeInstanceOf(DependencyAwayError);
      expect(ms).toBeLessThan(1500);
    }
  };
  await server.freeze();
  await expectAway();
  server.thaw();
  await vi.waitFor(() => mirror.readHead(), { timeout: 20_000 });
  await server.kill();
  await expectAway();
  await server.restart();
  const found = { version: '1', content: ['first'] };
  await vi.waitFor(async () => expect(await mirror.read()).toMatchObject(found), { timeout: 20_000 });
});
