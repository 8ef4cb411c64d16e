import { orUsage, parseOptions, readNumber } from '@sluice/local/command-line';
import { simulate } from './simulate.ts';

const USAGE = 'Usage: npm run test:sim -- [--minutes N] [--seed S] [--trace]\n';

const { seed, isBudgeted, minutes, isTracing } = orUsage(USAGE, (args) => {
  const text = { type: 'string' } as const;
  const values = parseOptions(args, { minutes: text, seed: text, trace: { type: 'boolean' } });
  return {
    seed: readNumber('seed', values.seed, { isWhole: true }),
    isBudgeted: values.minutes !== undefined,
    minutes: readNumber('minutes', values.minutes) ?? 1,
    isTracing: values.trace === true,
  };
});
const write = (text: string) => process.stdout.write(`${text}\n`);
// Whoever reads only the first lines of a trace may.
process.stdout.on('error', () => process.exit(0));

if (seed !== undefined && !isBudgeted) {
  const { violations, notes, accepted, actions } = await simulate(seed);
  if (isTracing) for (const note of notes) write(note);
  for (const violation of violations) write(`violated: ${violation}`);
  write(`Seed ${seed}: ${accepted} accepted, ${actions} actions, ${violations.length} violations.`);
  process.exitCode = violations.length === 0 ? 0 : 1;
} else {
  const endMs = performance.now() + minutes * 60_000;
  const first = seed ?? Math.floor(Math.random() * 1e9) + 1;
  let [runs, accepted, actions] = [0, 0, 0];
  for (let next = first; performance.now() < endMs; next += 1) {
    const result = await simulate(next);
    runs += 1;
    accepted += result.accepted;
    actions += result.actions;
    if (result.violations.length === 0) continue;
    for (const violation of result.violations) write(`violated: ${violation}`);
    write(`Seed ${next} breaks a promise; npm run test:sim -- --seed ${next} --trace tells how.`);
    process.exitCode = 1;
    break;
  }
  write(`${runs} simulations from seed ${first}: ${accepted} accepted, ${actions} actions.`);
}
