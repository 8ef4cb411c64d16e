import { expect, it } from 'vitest';
import { readArguments } from './arguments.ts';
import { toJson, toTables } from './report.ts';
import { summarize } from './summary.ts';

it('tells below the tables why something was not measured here', () => {
  const note = 'That takes two cores.';
  const figures = { perSecond: 5000, answered: null, stored: null, cpuUs: {}, foreignShare: null, extra: {} };
  const rounds = [{ figures: { syncOff: figures, syncOn: figures }, noopBeside: {}, noops: [] }];
  const found = { ...summarize({ planned: ['sync'], rounds, failures: [] }), failures: [], notes: [note] };
  const lines = toTables(found, readArguments(['--quick'])).split('\n');
  expect(lines).toContain(note);
  expect(lines.find((line) => line.includes('one machine at 200/s, with a backup'))).toMatch(/no figures/);
  expect(lines.find((line) => line.includes('│ one machine, with a backup'))).toMatch(/5,000/);
  expect(JSON.parse(toJson(found, readArguments([])))).toMatchObject({ notes: [note], failures: [] });
});
