import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';

const USAGE = 'Usage: npm run test:sim -- [--minutes N] [--seed S] [--trace]\n';

/** Reads a whole number, or ends the program with a sentence. */
function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  process.stderr.write(`--${name} must be a positive number, not ${text}.\n${USAGE}`);
  return process.exit(2);
}

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, trace: { type: 'boolean' } },
});
const seed = readNumber('seed', values.seed);
const minutes = readNumber('minutes', values.minutes) ?? 1;
const write = (text: string) => process.stdout.write(`${text}\n`);
// Whoever reads only the first lines of a trace may.
process.stdout.on('error', () => process.exit(0));

if (seed !== undefined && values.minutes === undefined) {
  const { violations, notes, accepted, actions } = await simulate(seed);
  if (values.trace === true) for (const note of notes) write(note);
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
