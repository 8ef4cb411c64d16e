import { expect, it } from 'vitest';
import { simulate } from './simulate.ts';

const FOR_MS = 60_000;

/** Seeds that broke a promise once, or meet a rare path. */
const REMEMBERED = [
  3, 7, 8, 16, 32, 56, 1098, 12_663, 16_942, 53_038_884, 269_194_336, 695_191_899, 880_449_544,
];

it.each(REMEMBERED)('keeps every promise with seed %i', async (seed) => {
  expect((await simulate(seed)).violations).toEqual([]);
});

it('is the same for the same seed', async () => {
  const [first, second] = [await simulate(5), await simulate(5)];
  expect(second.notes).toEqual(first.notes);
});

it('keeps every promise for a minute of new seeds', { timeout: 2 * FOR_MS }, async () => {
  const first = Math.floor(Math.random() * 1e9);
  process.stdout.write(`Simulating from seed ${first}.\n`);
  const endMs = performance.now() + FOR_MS;
  for (let seed = first; performance.now() < endMs; seed += 1) {
    const { violations } = await simulate(seed);
    expect(violations, `npm run test:sim -- --seed ${seed} --trace`).toEqual([]);
  }
});
