import { describe, expect, it, vi } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { createLeases, type Lease } from '../src/leases.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const leases = createLeases(connection);
const LONG_MS = 600_000;
const HOUR_MS = 3_600_000;

describe('leases', () => {
  it('go to one of many contenders', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `c${index}`);
    const granted = (await Promise.all(names.map((name) => leases.acquire('race', name, LONG_MS)))).filter(
      Boolean,
    );
    expect(granted).toHaveLength(1);
    expect(granted[0]?.fence).toBe(1);
  });

  it('are not given again while they are held, also not to their holder', async () => {
    const lease = await leases.acquire('held', 'a', LONG_MS);
    expect(lease).not.toBeNull();
    expect(await leases.acquire('held', 'b', LONG_MS)).toBeNull();
    expect(await leases.acquire('held', 'a', LONG_MS)).toBeNull();
  });

  it('pass on with a higher fence when they run out, and the old holder hears of it', async () => {
    const old = await leases.acquire('expired', 'a', 1);
    const next = await vi.waitUntil(() => leases.acquire('expired', 'b', LONG_MS));
    expect(next?.fence).toBe((old?.fence ?? 0) + 1);
    expect(old && (await leases.renew(old, LONG_MS))).toBe(false);
    if (old !== null) await leases.release(old);
    expect(next && (await leases.renew(next, LONG_MS))).toBe(true);
  });

  it('are free at once after release, and cannot be renewed then', async () => {
    const first = await leases.acquire('released', 'a', LONG_MS);
    if (first !== null) await leases.release(first);
    expect(first && (await leases.renew(first, LONG_MS))).toBe(false);
    const second = await leases.acquire('released', '$holder', LONG_MS);
    expect(second).toEqual({ name: 'released', holder: '$holder', fence: 2 });
  });

  it("run by the server's clock", async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2000-01-01') });
    try {
      await leases.acquire('clock', 'a', LONG_MS);
    } finally {
      vi.useRealTimers();
    }
    const stored = await toCollection(connection, 'leases').findOne({ _id: 'clock' });
    expect(stored?.expiresAt.getTime()).toBeGreaterThan(Date.now() + LONG_MS / 2);
    expect(await leases.acquire('clock', 'b', LONG_MS)).toBeNull();
  });

  it.each([
    ['held', async () => undefined],
    ['renewed', (lease: Lease) => leases.renew(lease, LONG_MS)],
    ['retired', (lease: Lease) => leases.retire(lease, LONG_MS, 'm')],
  ] as const)(
    'run out as late as they were given for after the clock of the server was set back: %s',
    async (kind, keep) => {
      const name = `set-back-${kind}`;
      const collection = toCollection(connection, 'leases');
      const lease = await leases.acquire(name, 'a', kind === 'held' ? LONG_MS : 1000, 'm');
      if (lease !== null) await keep(lease);
      const given = await collection.findOne({ _id: name });
      expect(await leases.acquire(name, 'b', 1000, 'm')).toBeNull();
      expect((await collection.findOne({ _id: name }))?.expiresAt).toEqual(given?.expiresAt);

      await collection.updateOne({ _id: name }, [{ $set: { expiresAt: { $add: ['$expiresAt', HOUR_MS] } } }]);
      expect(await leases.acquire(name, 'b', 1000, 'm')).toBeNull();
      const seen = await collection.findOne({ _id: name });
      const laterMs = (seen?.expiresAt.getTime() ?? 0) - (given?.expiresAt.getTime() ?? 0);
      expect(laterMs).toBeGreaterThanOrEqual(0);
      expect(laterMs).toBeLessThan(HOUR_MS / 10);
    },
  );

  it("are nobody's for a while after they are retired, but of those with another mark", async () => {
    const first = await leases.acquire('retired', 'a', LONG_MS, 'm');
    if (first !== null) await leases.retire(first, LONG_MS, 'm');
    expect(first && (await leases.renew(first, LONG_MS))).toBe(false);
    expect(await leases.acquire('retired', 'b', LONG_MS, 'm')).toBeNull();
    expect(await leases.acquire('retired', 'b', LONG_MS)).toBeNull();
    const other = await leases.acquire('retired', 'b', LONG_MS, '$n');
    expect(other?.fence).toBe(2);
    expect(await leases.acquire('retired', 'c', LONG_MS, 'o')).toBeNull();
  });

  it('tell how long they are retired for, under the mark of whoever asks, but not how long they are held', async () => {
    expect(await leases.readRetiredMs('told', 'm')).toBe(0);
    const first = await leases.acquire('told', 'a', LONG_MS, 'm');
    expect(await leases.readRetiredMs('told', 'm')).toBe(0);
    if (first !== null) await leases.retire(first, LONG_MS, 'm');
    const leftMs = await leases.readRetiredMs('told', 'm');
    expect([leftMs > LONG_MS / 2, leftMs <= LONG_MS]).toEqual([true, true]);
    expect(await leases.readRetiredMs('told', 'n')).toBe(0);
    if (first !== null) await leases.release(first);
    expect(await leases.readRetiredMs('told', 'm')).toBe(0);
    await leases.acquire('told', 'b', LONG_MS, 'm');
    expect(await leases.readRetiredMs('told', 'm')).toBe(0);
  });
});
