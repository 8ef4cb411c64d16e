import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { expect, it, vi } from 'vitest';
import { whileAnswering } from './while-answering.ts';

it('waits as long as there are signs of life, and asks for none afterwards', async () => {
  const work = Promise.withResolvers<string>();
  const ping = vi.fn(async () => {
    if (ping.mock.calls.length === 5) work.resolve('done');
  });
  expect(await whileAnswering({ ping }, 1, () => work.promise)).toBe('done');
  const asked = ping.mock.calls.length;
  await expect(whileAnswering({ ping }, 1, () => Promise.reject(new Error('No.')))).rejects.toThrow('No.');
  expect(ping.mock.calls.length).toBe(asked);
});

it('gives up, and ends the work, when there is none', async () => {
  const silence = new DependencyAwayError('mongodb', 'It is silent.');
  let given: AbortSignal | undefined;
  const waiting = whileAnswering({ ping: () => Promise.reject(silence) }, 1, (signal) => {
    given = signal;
    return new Promise(() => undefined);
  });
  await expect(waiting).rejects.toBe(silence);
  expect(given?.reason).toBe(silence);
});
