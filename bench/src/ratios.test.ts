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

it('judges what a backup costs on the same machine and elsewhere apart', () => {
  const answered = (p99Ms: number) => ({ p50Ms: 1, p99Ms });
  const figures = {
    syncOff: { ...toFigures(1000), answered: answered(10), cpuUs: { http: 100 } },
    syncOn: { ...toFigures(700), answered: answered(15), cpuUs: { http: 130 } },
    syncApartOff: { ...toFigures(500), answered: answered(20), cpuUs: { http: 100, backup: 1 } },
    syncApartOn: { ...toFigures(475), answered: answered(21), cpuUs: { http: 105, backup: 200 } },
  };
  const rows = new Set(['syncOff', 'syncOn', 'syncApartOff', 'syncApartOn'] as const);
  const found = judge([{ figures, noopBeside: {}, noops: [] }], rows);
  expect(found.map(({ value, isOk }) => [value, isOk])).toEqual([
    [0.7, false],
    [1.5, false],
    [1.3, false],
    [0.95, true],
    [1.05, true],
    [1.05, true],
  ]);
  expect(judge([{ figures, noopBeside: {}, noops: [] }], new Set(['syncOff', 'syncOn']))).toHaveLength(3);
});
