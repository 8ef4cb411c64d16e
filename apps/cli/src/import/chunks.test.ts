/// <reference lib="esnext.array" />
import { describe, expect, it } from 'vitest';
import { readAhead, toChunks } from './chunks.ts';
import type { Row } from './row.ts';

async function* toRows(...sizes: readonly number[]): AsyncGenerator<Row> {
  for (const [at, size] of sizes.entries()) {
    yield { line: at + 1, end: 0, content: { ok: true, json: Buffer.alloc(size) } };
  }
}

describe('gathering rows into chunks', () => {
  it('ends a chunk at so many rows or bytes, and lets a larger row travel alone', async () => {
    const chunks = await Array.fromAsync(
      toChunks(toRows(1, 1, 1, 6, 5, 20, 1), { maxRows: 3, maxBytes: 10 }),
    );
    expect(chunks.map((chunk) => chunk.map(({ line }) => line))).toEqual([[1, 2, 3], [4], [5], [6], [7]]);
  });

  it('makes no chunk of no rows', async () => {
    expect(await Array.fromAsync(toChunks(toRows(), { maxRows: 3, maxBytes: 10 }))).toEqual([]);
  });
});

describe('reading ahead', () => {
  it('reads one item before it is asked for, and tells a failure in its turn', async () => {
    const read: number[] = [];
    async function* toNumbers() {
      for (const number of [1, 2]) {
        read.push(number);
        yield number;
      }
      throw new Error('broken');
    }
    const items = readAhead(toNumbers());
    expect((await items.next()).value).toBe(1);
    expect(read).toEqual([1, 2]);
    expect((await items.next()).value).toBe(2);
    await expect(items.next()).rejects.toThrow('broken');
  });

  it('closes what it reads when it is left', async () => {
    let closed = false;
    async function* toNumbers() {
      try {
        yield 1;
        yield 2;
      } finally {
        closed = true;
      }
    }
    for await (const _ of readAhead(toNumbers())) break;
    expect(closed).toBe(true);
  });
});
