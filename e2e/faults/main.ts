/*
 * `npm run test:faults`: harm to a running Sluice, and the proof that it kept its promises. The same seed does the same
 * faults in the same order; when exactly each meets which event, the machine decides.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readWholeEnvironment } from '@sluice/runtime/config';
import type { Fault } from './context.ts';
import { FAULTS } from './faults/registry.ts';
import { toTable } from './report.ts';
import { runFaults } from './run-faults.ts';

const HELP = `npm run test:faults -- [--minutes N] [--seed S] [--rate R] [--faults 'text,text']
  --minutes  how long harm is done (3); from 20 on faults last as long as in earnest
  --seed     repeats the order of faults of an earlier run
  --rate     events per second (100)
  --faults   only faults whose names contain one of the texts; --faults list names them all
`;
const FULL_FROM_MINUTES = 20;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: `${randomInt(1, 2 ** 31)}` },
    rate: { type: 'string', default: '100' },
    faults: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  const [minutes, seed, rate] = [values.minutes, values.seed, values.rate].map(Number);
  const faults = chooseFaults(values.faults);
  if (values.faults === 'list') {
    write(FAULTS.map(({ name }) => name).join('\n'));
    return 0;
  }
  if (!isPositive(minutes) || !isPositive(seed) || !isPositive(rate) || faults.length === 0 || values.help) {
    write(HELP);
    return values.help ? 0 : 2;
  }
  write(
    `Seed ${seed}, ${minutes} min; again with: npm run test:faults -- --minutes ${minutes} --seed ${seed}`,
  );
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  const report = await runFaults({
    seed,
    harmMs: minutes * MINUTE_MS,
    form: minutes >= FULL_FROM_MINUTES ? 'full' : 'short',
    faults,
    eventsPerSecond: rate,
    env: readWholeEnvironment(),
    say: (what) => write(`${new Date().toISOString().slice(11, 19)}  ${what}`),
    signal: interrupt.signal,
  });
  write(toTable(report));
  return report.checks.every(({ broken }) => broken.length === 0) ? 0 : 1;
}

function chooseFaults(texts: string): readonly Fault[] {
  const wanted = texts.split(',').map((text) => text.trim());
  return FAULTS.filter(({ name }) => wanted.some((text) => name.includes(text)));
}

function isPositive(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value > 0;
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
