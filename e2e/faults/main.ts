/*
 * `npm run test:faults`: harm to a running Sluice, and the proof that it kept its promises. The same seed does the same
 * faults in the same order; when exactly each meets which event, the machine decides.
 */
import { randomInt } from 'node:crypto';
import { orUsage, parseOptions, readNumber, UsageError } from '@sluice/local/command-line';
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

const { minutes, seed, rate, isListing, faults } = orUsage(HELP, (args) => {
  const text = { type: 'string' } as const;
  const values = parseOptions(args, { minutes: text, seed: text, rate: text, faults: text });
  const isListing = values.faults === 'list';
  return {
    minutes: readNumber('minutes', values.minutes) ?? 3,
    seed: readNumber('seed', values.seed, { isWhole: true }) ?? randomInt(1, 2 ** 31),
    rate: readNumber('rate', values.rate) ?? 100,
    isListing,
    faults: isListing ? FAULTS : chooseFaults(values.faults ?? ''),
  };
});
process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  if (isListing) {
    write(FAULTS.map(({ name }) => name).join('\n'));
    return 0;
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
  const chosen = FAULTS.filter(({ name }) => wanted.some((text) => name.includes(text)));
  if (chosen.length > 0) return chosen;
  throw new UsageError(`No fault's name contains "${texts}"; --faults list names them all.`);
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
