import { randomInt } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { FAULTS } from './faults/faults/registry.ts';
import { toTable } from './faults/report.ts';
import { runFaults } from './faults/run-faults.ts';

const MINUTE_MS = 60_000;

// Starting and draining take most of the third minute.
const HARM_MS = 1.75 * MINUTE_MS;

it('keeps every promise while random faults meet a steady load', { timeout: 8 * MINUTE_MS }, async ({
  signal,
}) => {
  const seed = randomInt(1, 2 ** 31);
  const write = (text: string) => process.stdout.write(`${text}\n`);
  write(`Seed ${seed}; again with: npm run test:faults -- --minutes ${HARM_MS / MINUTE_MS} --seed ${seed}`);
  const report = await runFaults({
    seed,
    harmMs: HARM_MS,
    form: 'short',
    faults: FAULTS,
    eventsPerSecond: 100,
    env: inject('hostEnv'),
    say: write,
    signal,
  });
  const broken = report.checks.filter((check) => check.broken.length > 0);
  expect(broken, toTable(report)).toEqual([]);
});
