import { pollSourceSchema } from '@sluice/contracts/source';
import { expect, onTestFinished, test, vi } from 'vitest';
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

test('one run tries after 10 s, whatever the clock of the machine is set to, then after twice as long each time', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const breakers = await openBreaker();
  vi.setSystemTime(Date.now() - 3_600_000);
  for (const openMs of [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
    vi.advanceTimersByTime(openMs - 1);
    expect(await breakers.run(source, failed)).toEqual({ kind: 'open' });
    vi.advanceTimersByTime(1);
    expect(await breakers.run(source, failed)).toEqual({ kind: 'failed' });
  }
  vi.advanceTimersByTime(300_000);
  expect(await breakers.run(source, polled)).toEqual({ kind: 'polled' });
  expect(await breakers.run(source, failed)).toEqual({ kind: 'failed' });
  expect(await breakers.run(source, polled)).toEqual({ kind: 'polled' });
});
