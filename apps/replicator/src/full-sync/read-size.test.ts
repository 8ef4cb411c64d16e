import { expect, it } from 'vitest';
import { createReadSize } from './read-size.ts';

it('shrinks to what can be read, however little, and grows again when more can be', async () => {
  const size = createReadSize(1000);
  let possible = 1;
  const tried: number[] = [];
  const attempt = () =>
    size
      .adapt(async (count) => {
        tried.push(count);
        if (count > possible) throw new Error('It took too long.');
      })
      .catch(() => undefined);
  for (let time = 0; time < 6; time += 1) await attempt();
  expect(tried).toEqual([1000, 250, 62, 15, 3, 1]);
  possible = 40;
  for (let time = 0; time < 100; time += 1) await attempt();
  expect(Math.max(...tried.slice(6))).toBeLessThanOrEqual(45);
  possible = 1000;
  for (let time = 0; time < 100; time += 1) await attempt();
  expect(tried.at(-1)).toBe(1000);
});
