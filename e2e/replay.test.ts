import { randomInt } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { runReplay } from './replay/run-replay.ts';
import { REPLAY_ENV } from './replay/settings.ts';
import { startTestStack, type TestStack } from './test-stack.ts';

const COUNT = 500;
const MINUTE_MS = 60_000;

let sluice: TestStack;
beforeAll(async () => {
  sluice = await startTestStack({ env: REPLAY_ENV });
});

it('touches each planned dead letter once while schedulers, workers and the api are killed', {
  timeout: 5 * MINUTE_MS,
}, async ({ signal }) => {
  const seed = randomInt(1, 2 ** 31);
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`Seed ${seed}; again with: npm run test:replay -- --count ${COUNT} --seed ${seed}`);
  const { broken, replay, killed } = await runReplay({ ...sluice, count: COUNT, seed, say, signal });
  expect(broken).toEqual([]);
  expect(replay).toMatchObject({ state: 'done', planned: COUNT, enqueued: COUNT });
  expect(killed).toEqual(expect.arrayContaining(['scheduler', 'worker', 'api']));
});
