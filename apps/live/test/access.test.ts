import type { CheckKey } from '@sluice/contracts/access';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { toCollection } from '@sluice/store/collections';
import { describe, expect, it } from 'vitest';
import { startUnopenedLive, toDocument, useDatabase } from './fixtures.ts';
import { isRecord, openStream, type SseReader, toNumber } from './sse-reader.ts';

const { store, mongoUrl } = useDatabase();

/** Keys of the form `<tenant>-<role>`; those that were revoked are nobody's. */
function createKeys() {
  const revoked = new Set<string>();
  let isAway = false;
  const checkKey: CheckKey = (presented) => {
    if (isAway) throw new DependencyAwayError('mongodb', 'away');
    const [tenant = '', role] = presented.split('-');
    if (revoked.has(presented) || (role !== 'viewer' && role !== 'sender')) return null;
    const caller = { tenant, role, name: presented, keyId: presented, sources: null } as const;
    return { caller, kind: 'key', expiresAt: null };
  };
  return {
    checkKey,
    revoke: (key: string) => void revoked.add(key),
    goAway() {
      isAway = true;
    },
  };
}

function openAs(key: string, url: string, lastEventId?: string): Promise<SseReader> {
  const headers = { authorization: `Bearer ${key}` };
  return openStream(url, { headers, ...(lastEventId === undefined ? {} : { lastEventId }) });
}

describe('a caller', () => {
  it('sees its own tenant only, from the ring and when it is caught up', async () => {
    const { checkKey } = createKeys();
    const live = await startUnopenedLive(mongoUrl, { checkKey, ringCount: 4 });
    const [red, blue] = await Promise.all(
      ['red-viewer', 'blue-viewer'].map((key) => openAs(key, `${live.url}/stream`)),
    );
    const { id = '' } = (await red?.next(({ id }) => id !== undefined)) ?? {};
    await blue?.next();
    await toCollection(store, 'normalized_events').insertMany(
      Array.from({ length: 20 }, (_, n) => toDocument(n, { tenant: n % 2 === 0 ? 'red' : 'blue' })),
    );
    const readTen = async (stream: SseReader | undefined) => {
      const numbers: number[] = [];
      while (stream !== undefined && numbers.length < 10) numbers.push(toNumber(await stream.next(isRecord)));
      return numbers;
    };
    const even = Array.from({ length: 10 }, (_, n) => 2 * n);
    expect(await readTen(red)).toEqual(even);
    expect(await readTen(blue)).toEqual(even.map((n) => n + 1));
    expect(await readTen(await openAs('red-viewer', `${live.url}/stream`, id))).toEqual(even);
    expect(await live.metrics.read()).toMatch(/^sluice_live_catch_ups_total\{.*stream="records".*\} 1$/m);
  });

  it('needs a key, and the role viewer', async () => {
    const { checkKey } = createKeys();
    const live = await startUnopenedLive(mongoUrl, { checkKey });
    for (const path of ['/stream', '/stream/ws', '/stream/statuses', '/stream/statuses/ws']) {
      expect((await fetch(`${live.url}${path}`)).status).toBe(401);
      const headers = { authorization: 'Bearer red-sender' };
      expect((await fetch(`${live.url}${path}`, { headers })).status).toBe(403);
    }
  });

  it('is cut off soon after its key was revoked, but not because nobody can say', async () => {
    const { checkKey, revoke, goAway } = createKeys();
    const live = await startUnopenedLive(mongoUrl, { checkKey });
    const [revoked, other] = await Promise.all(
      ['red-viewer', 'blue-viewer'].map((key) => openAs(key, `${live.url}/stream`)),
    );
    await Promise.all([revoked?.next(), other?.next()]);
    revoke('red-viewer');
    await expect(revoked?.next(({ event }) => event === 'never')).rejects.toThrow('The stream ended.');
    goAway();
    for (let beats = 0; beats < 3; beats += 1) await other?.next(({ event }) => event === 'heartbeat');
  });
});
