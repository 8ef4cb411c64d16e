import type { KeyRecord } from '@sluice/contracts/access';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { beforeEach, describe, expect, it } from 'vitest';
import { createKey, hashKey, type NewKey, toKeyId } from './api-key.ts';
import { createKeyCheck, type KeyCheck } from './key-check.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

describe('a key', () => {
  it('is of its form, random, and known by its hash alone', () => {
    const { id, key, hash } = createKey();
    expect(toKeyId(key)).toBe(id);
    expect(hash).toBe(hashKey(key));
    expect(createKey().key).not.toBe(key);
    expect(key).toMatch(/^slk_[0-9A-Za-z]{12}_[0-9A-Za-z_-]{43}$/);
  });

  it.each([
    '',
    'slk_',
    'slk_abc',
    `slk_abcdefghijkl_${'x'.repeat(42)}`,
    `slk_abcdefghijkl_${'x'.repeat(44)}`,
  ])('is not %j', (text) => expect(toKeyId(text)).toBeNull());
});

describe('checking a key', () => {
  let nowMs: number;
  /** How far the wall clock was set, which changes nothing about how long ago something was. */
  let setMs: number;
  let stored: Map<string, KeyRecord>;
  let mirrored: Map<string, KeyRecord>;
  let away: { mongodb: boolean; redis: boolean };
  let reads: number;
  let troubles: unknown[];
  let keys: KeyCheck;

  beforeEach(() => {
    nowMs = START;
    setMs = 0;
    stored = new Map();
    mirrored = new Map();
    away = { mongodb: false, redis: false };
    reads = 0;
    troubles = [];
    keys = createCheck();
  });

  function createCheck(): KeyCheck {
    return createKeyCheck({
      store: {
        async read(id) {
          reads += 1;
          if (away.mongodb) throw new DependencyAwayError('mongodb', 'away');
          return stored.get(id) ?? null;
        },
      },
      mirror: {
        async read(id) {
          if (away.redis) throw new DependencyAwayError('redis', 'away');
          return mirrored.get(id) ?? null;
        },
        write: (record) => {
          if (!away.redis) mirrored.set(record.id, record);
        },
      },
      now: () => nowMs + setMs,
      elapsed: () => nowMs - START,
      onTrouble: (error) => troubles.push(error),
    });
  }

  function addKey(fields: Partial<KeyRecord> = {}): NewKey {
    const created = createKey();
    const { id, hash } = created;
    stored.set(id, {
      ...{
        id,
        hash,
        tenant: 'default',
        name: 'ada',
        role: 'viewer',
        sources: null,
        kind: 'key',
        parent: null,
      },
      ...{ expiresAt: null, revokedAt: null, ...fields },
    });
    return created;
  }

  function revoke({ id }: NewKey): void {
    const record = stored.get(id);
    if (record !== undefined) stored.set(id, { ...record, revokedAt: new Date(nowMs) });
  }

  it('tells who holds it, and reads it once while it is fresh', async () => {
    const { key, id } = addKey({ role: 'sender', sources: ['shop'] });
    const holder = await keys.check(key);
    expect(holder?.caller).toEqual({
      ...{ tenant: 'default', role: 'sender', name: 'ada', keyId: id, sources: ['shop'] },
    });
    nowMs += 2400;
    expect(keys.check(key)).toEqual(holder);
    expect(reads).toBe(1);
  });

  it('refuses a secret that is wrong, of a known id and of an unknown one, without reading again', async () => {
    const { id } = addKey();
    const wrong = `${id}_${'A'.repeat(43)}`;
    for (const key of [wrong, createKey().key]) {
      expect(await keys.check(key)).toBeNull();
      expect(keys.check(key)).toBeNull();
    }
    expect(keys.check('Bearer')).toBeNull();
    expect(reads).toBe(2);
  });

  it('reads a key once for all who wait for it', async () => {
    const { key } = addKey();
    await Promise.all([keys.check(key), keys.check(key), keys.check(key)]);
    expect(reads).toBe(1);
  });

  it('reads a key in use again without waiting, and knows a revocation within 5 s', async () => {
    const created = addKey();
    await keys.check(created.key);
    revoke(created);
    nowMs += 2600;
    expect(keys.check(created.key)).toMatchObject({ kind: 'key' });
    await Promise.resolve();
    await expect.poll(() => keys.check(created.key)).toBeNull();
  });

  it('waits for a key that was not used for a while', async () => {
    const created = addKey();
    await keys.check(created.key);
    revoke(created);
    nowMs += 5000;
    expect(await keys.check(created.key)).toBeNull();
  });

  it('lets no key outlive its time, however fresh it is', async () => {
    const { key } = addKey({ expiresAt: new Date(START + 1000) });
    expect(await keys.check(key)).toMatchObject({ expiresAt: new Date(START + 1000) });
    nowMs += 1000;
    expect(await keys.check(key)).toBeNull();
  });

  it('takes known keys as they were while both stores are away, until they expire', async () => {
    const { key } = addKey({ expiresAt: new Date(START + 3_600_000) });
    await keys.check(key);
    away = { mongodb: true, redis: true };
    nowMs += 60_000;
    expect(await keys.check(key)).toMatchObject({ kind: 'key' });
    expect(keys.check(key)).toMatchObject({ kind: 'key' });
    nowMs += 3_600_000;
    expect(await keys.check(key)).toBeNull();
  });

  it('never says unknown when nobody can say', async () => {
    const { key } = addKey();
    away = { mongodb: true, redis: true };
    await expect(keys.check(key)).rejects.toThrow(DependencyAwayError);
    away = { mongodb: true, redis: false };
    await expect(keys.check(key)).rejects.toThrow(DependencyAwayError);
    away.mongodb = false;
    nowMs += 1000;
    expect(await keys.check(key)).not.toBeNull();
  });

  it('asks the mirror after a cold start without MongoDB', async () => {
    const [mirroredKey, revoked] = [addKey(), addKey()];
    for (const { key } of [mirroredKey, revoked]) await keys.check(key);
    revoke(revoked);
    nowMs += 5000;
    await keys.check(revoked.key);
    away.mongodb = true;
    const cold = createCheck();
    expect(await cold.check(mirroredKey.key)).not.toBeNull();
    expect(await cold.check(revoked.key)).toBeNull();
  });

  it('leaves MongoDB alone for a second after it did not answer', async () => {
    const created = [addKey(), addKey(), addKey()];
    for (const { id } of created) mirrored.set(id, stored.get(id) as KeyRecord);
    away.mongodb = true;
    for (const { key } of created) expect(await keys.check(key)).not.toBeNull();
    expect(reads).toBe(1);
  });

  it('learns from the mirror of a revocation while MongoDB is away from this process alone', async () => {
    const created = addKey();
    await keys.check(created.key);
    revoke(created);
    mirrored.set(created.id, stored.get(created.id) as KeyRecord);
    away.mongodb = true;
    nowMs += 5000;
    expect(await keys.check(created.key)).toBeNull();
  });

  it('looks up only so many unknown keys at once, and known ones whatever happens', async () => {
    const { key } = addKey();
    await keys.check(key);
    nowMs += 5000;
    const flood = Array.from({ length: 250 }, () => Promise.resolve(keys.check(createKey().key)));
    const outcomes = Promise.allSettled(flood);
    expect(await keys.check(key)).not.toBeNull();
    const refused = (await outcomes).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(50);
  });

  it.each([-3_600_000, 3_600_000])(
    'knows a revocation 5 s after MongoDB is back, though the clock was set by %i ms meanwhile',
    async (byMs) => {
      const created = addKey();
      await keys.check(created.key);
      away.mongodb = true;
      nowMs += 5000;
      await keys.check(created.key);
      revoke(created);
      away.mongodb = false;
      setMs = byMs;
      nowMs += 5000;
      await expect.poll(() => keys.check(created.key)).toBeNull();
      expect(await createCheck().check(createKey().key)).toBeNull();
    },
  );

  it('tells of a use also when the clock was set back', async () => {
    const { key, id } = addKey();
    await keys.check(key);
    keys.takeUses();
    setMs = -3_600_000;
    await keys.check(key);
    expect(keys.takeUses().get(id)).toEqual(new Date(START - 3_600_000));
  });

  it('tells of each use once, and of the key behind a session', async () => {
    const parent = addKey();
    const { key, id } = addKey({ kind: 'session', parent: parent.id });
    expect((await keys.check(key))?.caller.keyId).toBe(parent.id);
    nowMs += 1;
    expect([...keys.takeUses().keys()]).toEqual([id, parent.id]);
    nowMs += 1;
    expect(keys.takeUses().size).toBe(0);
    await keys.check(key);
    expect(keys.takeUses().get(id)).toEqual(new Date(nowMs));
  });
});
