import { expect, it } from 'vitest';
import { takePage } from './page.ts';

async function take(sizes: readonly number[], limit: number, maxBytes: number) {
  let fetched = 0;
  async function* list() {
    for (const size of sizes) {
      fetched += 1;
      yield size;
    }
  }
  const { page, hasMore } = await takePage(list(), limit, (size) => size, maxBytes);
  return { page, hasMore, fetched };
}

it.each([
  ['takes what there is', [1, 1], 3, 10, { page: [1, 1], hasMore: false, fetched: 2 }],
  ['ends a full page', [1, 1, 1, 1], 2, 10, { page: [1, 1], hasMore: true, fetched: 3 }],
  ['ends a page that would be too large', [6, 5, 1], 3, 10, { page: [6], hasMore: true, fetched: 2 }],
  ['takes one, however large', [60, 1], 3, 10, { page: [60], hasMore: true, fetched: 2 }],
  ['fills a page to its last byte', [6, 4], 3, 10, { page: [6, 4], hasMore: false, fetched: 2 }],
  ['ends with nothing', [], 3, 10, { page: [], hasMore: false, fetched: 0 }],
])('%s', async (_, sizes, limit, maxBytes, expected) => {
  expect(await take(sizes, limit, maxBytes)).toEqual(expected);
});
