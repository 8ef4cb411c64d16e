import { expect, it } from 'vitest';
import { cutByIds } from './cut-by-ids.ts';

it('cuts a list where its ids become too large together, and leaves nothing out', () => {
  const cut = (sizes: readonly number[]) => [...cutByIds(sizes, (size) => size, 10)];
  expect(cut([])).toEqual([]);
  expect(cut([4, 6])).toEqual([[4, 6]]);
  expect(cut([4, 6, 1, 30, 2, 9])).toEqual([[4, 6], [1], [30], [2], [9]]);
});
