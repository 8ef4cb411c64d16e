import { expect, it } from 'vitest';
import { createBackoff } from './backoff.ts';

it('doubles from 1 s to 30 s, and begins again after a healthy life', () => {
  let now = 0;
  const backoff = createBackoff(() => now);
  const lives = [0, 0, 0, 0, 0, 0, 9_999, 10_000, 0];
  const waits = lives.map((lifeMs) => {
    backoff.begin();
    now += lifeMs;
    return backoff.next();
  });
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 1000, 2000]);
});
