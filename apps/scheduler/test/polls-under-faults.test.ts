import { createTestNames } from '@sluice/local/test-names';
import { expect, inject, it } from 'vitest';
import { runPolls } from './sim/run-polls.ts';

const { prefix, mongoUrl, seed } = createTestNames();

it('takes over everything that a faulty source holds, once, while schedulers are killed', async () => {
  const place = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
  const report = await runPolls(seed, { place, faultsMs: 12_000 });
  expect(report.violations).toEqual([]);
  expect(report.kills).toBeGreaterThan(0);
  expect(report.outcomes['polled']).toBeGreaterThan(0);
}, 120_000);
