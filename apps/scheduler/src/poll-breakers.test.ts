import { pollSourceSchema } from '@sluice/contracts/source';
import { expect, test } from 'vitest';
import { createPollBreakers } from './poll-breakers.ts';

const source = pollSourceSchema.parse({
  ...{ id: 'erp', kind: 'poll', url: 'http://erp.test/', schedule: '* * * * * *', idPath: 'id' },
  cursor: { kind: 'page', param: 'page' },
});
const failed = async () => ({ kind: 'failed' }) as const;
const polled = async () => ({ kind: 'polled' }) as const;

async function openBreaker() {
  const breakers = createPollBreakers();
  for (let n = 0; n < 5; n += 1) expect(await breakers.run(source, failed)).toEqual({ kind: 'failed' });
  expect(await breakers.run(source, polled)).toEqual({ kind: 'open' });
  return breakers;
}

test('after five failures in a row none of the schedule runs', async () => {
  const breakers = await openBreaker();
  expect(await breakers.force(source, failed)).toEqual({ kind: 'failed' });
  expect(await breakers.run(source, polled)).toEqual({ kind: 'open' });
});

test('a run that a person asked for closes it when it does not fail', async () => {
  const breakers = await openBreaker();
  expect(await breakers.force(source, polled)).toEqual({ kind: 'polled' });
  expect(await breakers.run(source, polled)).toEqual({ kind: 'polled' });
});

test('a changed source begins anew', async () => {
  const breakers = await openBreaker();
  expect(await breakers.run({ ...source }, polled)).toEqual({ kind: 'polled' });
});
