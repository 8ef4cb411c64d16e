import { expect, it } from 'vitest';
import { createPortionShare } from './portion-share.ts';

it('takes half as much after each failure, down to one', () => {
  const share = createPortionShare();
  expect(share.of(500)).toBe(500);
  const sizes = Array.from({ length: 12 }, () => {
    share.halve();
    return share.of(2000);
  });
  expect(sizes).toEqual([1000, 500, 250, 125, 62, 31, 15, 7, 3, 1, 1, 1]);
  expect(share.of(1)).toBe(1);
});

it('takes twice as much after each success, up to all of it', () => {
  const share = createPortionShare();
  for (let failure = 0; failure < 100; failure += 1) share.halve();
  const sizes = Array.from({ length: 13 }, () => {
    share.grow();
    return share.of(2000);
  });
  expect(sizes).toEqual([1, 3, 7, 15, 31, 62, 125, 250, 500, 1000, 2000, 2000, 2000]);
});
