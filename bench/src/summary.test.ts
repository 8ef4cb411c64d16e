import { expect, it } from 'vitest';
import type { Figures } from './case.ts';
import type { Round } from './rounds.ts';
import { summarize } from './summary.ts';

function toRound(perSecond: number): Round {
  const figures: Figures = {
    perSecond,
    answered: { p50Ms: perSecond, p99Ms: 2 * perSecond },
    stored: null,
    cpuUs: { http: perSecond, mongod: null },
    foreignShare: null,
    extra: {},
  };
  return { figures: { bulk: figures }, noopBeside: {}, noops: [] };
}

const rounds = [toRound(30), toRound(10), toRound(20)];

it('takes the median of every figure', () => {
  const [row] = summarize({ planned: ['bulk'], rounds, failures: [] }).rows;
  expect(row?.median).toMatchObject({
    perSecond: 20,
    answered: { p50Ms: 20, p99Ms: 40 },
    cpuUs: { http: 20, mongod: null },
  });
  expect(row?.range).toEqual([10, 30]);
});

it('has no figure of a case whose counts were off in one round', () => {
  const failures = [{ name: 'bulk', reason: 'one is missing' }] as const;
  const [row] = summarize({ planned: ['bulk'], rounds, failures }).rows;
  expect(row).toMatchObject({ id: 'bulk', median: null, runs: [] });
});
