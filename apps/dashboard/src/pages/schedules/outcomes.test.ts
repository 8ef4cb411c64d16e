import { POLL_OUTCOMES } from '@sluice/contracts/poll';
import { expect, it } from 'vitest';
import { describeOutcomes, toShape } from './outcomes.ts';

it('counts outcomes in words, what is bad first', () => {
  const runs = [
    { outcome: 'polled' },
    { outcome: 'failed' },
    { outcome: 'polled' },
    { outcome: 'waiting' },
  ] as const;
  expect(describeOutcomes(runs)).toBe('1 failed, 1 asked to wait, 2 read to the end');
});

it.each(POLL_OUTCOMES)('%s has a shape and words', (outcome) => {
  expect(toShape(outcome)).toBeDefined();
  expect(describeOutcomes([{ outcome }])).toMatch(/^1 \w/);
});
