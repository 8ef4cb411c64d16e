import type { KeyRecord } from '@sluice/contracts/access';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { createRedis } from '../src/connection.ts';
import { createKeyMirror } from '../src/key-mirror.ts';
import { createMemoryLogger, toPrefix } from './fixtures.ts';

const RECORD: KeyRecord = {
  ...{
    id: 'slk_abcdefghijkl',
    hash: 'aa',
    tenant: 'default',
    name: 'ada',
    role: 'sender',
    sources: ['shop'],
  },
  ...{ kind: 'key', parent: null, expiresAt: new Date('2099-01-01T00:00:00Z'), revokedAt: null },
};

async function openMirror(url = inject('redisUrl')) {
  const redis = createRedis({ url, role: 'producer', commandTimeoutMs: 500, logger: createMemoryLogger() });
  onTestFinished(() => redis.close());
  const mirror = createKeyMirror({ redis, prefix: toPrefix(), now: Date.now });
  return { redis, mirror };
}

it('gives a key back as it was copied', async () => {
  const { redis, mirror } = await openMirror();
  await vi.waitFor(() => redis.ping());
  expect(await mirror.read(RECORD.id)).toBeNull();
  await mirror.writeAll([RECORD]);
  expect(await mirror.read(RECORD.id)).toEqual(RECORD);
});

it('never takes a revocation back, whoever copies an older state later', async () => {
  const { redis, mirror } = await openMirror();
  await vi.waitFor(() => redis.ping());
  const revokedAt = new Date('2026-01-01T00:00:00Z');
  await mirror.writeAll([{ ...RECORD, revokedAt }]);
  await mirror.writeAll([RECORD]);
  expect(await mirror.read(RECORD.id)).toEqual({ ...RECORD, revokedAt });
});

it('forgets a key when its time is over, and does not copy one whose time is', async () => {
  const { redis, mirror } = await openMirror();
  await vi.waitFor(() => redis.ping());
  await mirror.writeAll([
    { ...RECORD, expiresAt: new Date(Date.now() + 200) },
    { ...RECORD, id: 'slk_000000000000', expiresAt: new Date(Date.now() - 1) },
  ]);
  expect(await mirror.read('slk_000000000000')).toBeNull();
  await vi.waitFor(async () => expect(await mirror.read(RECORD.id)).toBeNull());
});

it('says that Redis is away, and only reports a copy that it did not take', async () => {
  const { mirror } = await openMirror('redis://127.0.0.1:9');
  await expect(mirror.read(RECORD.id)).rejects.toThrow(DependencyAwayError);
  mirror.write(RECORD);
  await expect(mirror.writeAll([RECORD])).rejects.toThrow(DependencyAwayError);
});
