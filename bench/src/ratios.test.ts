import { expect, it } from 'vitest';
import type { Figures } from './case.ts';
import { judge } from './ratios.ts';
import type { Round } from './rounds.ts';

function toFigures(perSecond: number): Figures {
  return { perSecond, answered: null, stored: null, cpuUs: {}, foreignShare: null, extra: {} };
}

function toRound(accept: number, noop: number): Round {
  const noops = [toFigures(noop)];
  return {
    figures: { acceptEverysec: toFigures(accept) },
    noopBeside: { acceptEverysec: toFigures(noop) },
    noops,
  };
}

it('takes the median of the ratios of the rounds, not the ratio of medians', () => {
  const rounds = [toRound(80, 100), toRound(10, 20), toRound(900, 1000)];
  const [verdict] = judge(rounds, new Set(['acceptEverysec']));
  expect(verdict).toMatchObject({ value: 0.8, values: [0.8, 0.5, 0.9], isOk: true });
});

it('says short below what is asked', () => {
  expect(judge([toRound(69, 100)], new Set(['acceptEverysec']))[0]?.isOk).toBe(false);
});

it('judges no ratio of which a row has no figures', () => {
  expect(judge([toRound(80, 100)], new Set())).toEqual([]);
});
