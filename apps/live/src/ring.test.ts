import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { LiveEntry } from './frames.ts';
import { createRing } from './ring.ts';

function toEntry(token: string, bytes = 1): LiveEntry {
  const message = { event: 'event', id: token, frame: Buffer.alloc(bytes), dataAt: 0 } as const;
  return { ...message, token, tenant: 'default', at: 0, labels: {} };
}

function readAll(ring: ReturnType<typeof createRing>, from: number): (string | null)[] {
  const tokens: (string | null)[] = [];
  for (let number = from; ; number += 1) {
    const entry = ring.read(number);
    if (entry === undefined) return tokens;
    tokens.push(entry === null ? null : entry.token);
  }
}

describe('the ring', () => {
  it('keeps what comes after its beginning, in order', () => {
    const ring = createRing({ maxCount: 10, maxBytes: 1000 });
    ring.begin('b');
    for (const token of ['c', 'e', 'g']) ring.push(toEntry(token));
    expect(readAll(ring, 0)).toEqual(['c', 'e', 'g']);
    expect(ring.position()).toBe('g');
  });

  it('finds the first message after any token from its floor on, whether a message has that token or not', () => {
    const ring = createRing({ maxCount: 10, maxBytes: 1000 });
    ring.begin('b');
    for (const token of ['c', 'e', 'g']) ring.push(toEntry(token));
    const found = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'z'].map((token) => ring.findAfter(token));
    expect(found).toEqual([undefined, 0, 1, 1, 2, 2, 3, 3]);
  });

  it('drops the oldest messages beyond its count, and knows from where on it is complete', () => {
    const ring = createRing({ maxCount: 3, maxBytes: 1000 });
    ring.begin('a');
    for (const token of ['b', 'c', 'd', 'e', 'f']) ring.push(toEntry(token));
    expect(readAll(ring, 0)).toEqual([null, null, 'd', 'e', 'f']);
    expect(ring.floor()).toBe('c');
    expect(ring.findAfter('b')).toBeUndefined();
    expect(ring.findAfter('c')).toBe(2);
  });

  it('drops the oldest messages beyond its bytes, never the newest', () => {
    const ring = createRing({ maxCount: 10, maxBytes: 100 });
    ring.begin('a');
    ring.push(toEntry('b', 60));
    ring.push(toEntry('c', 60));
    expect(readAll(ring, 0)).toEqual([null, 'c']);
    ring.push(toEntry('d', 500));
    expect(readAll(ring, 0)).toEqual([null, null, 'd']);
    ring.push(toEntry('e', 90));
    expect(readAll(ring, 2)).toEqual([null, 'e']);
  });

  it('takes nothing twice and nothing that is older', () => {
    const ring = createRing({ maxCount: 10, maxBytes: 100 });
    ring.begin('a');
    expect(ring.push(toEntry('c'))).toBe(true);
    expect(ring.push(toEntry('c'))).toBe(false);
    expect(ring.push(toEntry('b'))).toBe(false);
    ring.advance('e');
    expect(ring.push(toEntry('d'))).toBe(false);
    expect(readAll(ring, 0)).toEqual(['c']);
  });

  it('begins anew with what it numbers next', () => {
    const ring = createRing({ maxCount: 4, maxBytes: 100 });
    ring.begin('a');
    ring.push(toEntry('b'));
    ring.begin('m');
    expect(ring.read(0)).toBeNull();
    expect(ring.findAfter('b')).toBeUndefined();
    ring.push(toEntry('n'));
    expect(readAll(ring, 1)).toEqual(['n']);
  });

  it('lets go of the messages that left because of their size', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const ring = createRing({ maxCount: 1000, maxBytes: 1000 });
    ring.begin('a');
    const entries = Array.from({ length: 20 }, (_, n) => {
      const entry = toEntry(`b${String(n).padStart(2, '0')}`, 600);
      ring.push(entry);
      return new WeakRef(entry);
    });
    // A weak reference holds its target until the end of the turn that made it.
    await nextTurn();
    collectGarbage();
    expect(entries.filter((entry) => entry.deref() !== undefined)).toHaveLength(1);
  });
});
