/*
 * `npm run test:backup`: harm to the backup, to the way there and to the replicators, while events are ingested, and the
 * proof that the backup holds the same as the primary afterwards. The same seed does the same faults in the same order.
 */
import { randomInt } from 'node:crypto';
import { orUsage, parseOptions, readNumber } from '@sluice/local/command-line';
import { readWholeEnvironment } from '@sluice/runtime/config';
import { runBackup } from './run-backup.ts';

const HELP = `npm run test:backup -- [--minutes N] [--seed S] [--rate R] [--budget M]
  --minutes  how long harm is done (3)
  --seed     repeats the order of faults of an earlier run
  --rate     events per second (1000)
  --budget   begins with the next seed, and the next, until so many minutes are over (one seed alone)
`;
const MINUTE_MS = 60_000;
const INTERRUPTED = 130;

const { minutes, firstSeed, rate, budget } = orUsage(HELP, (args) => {
  const text = { type: 'string' } as const;
  const values = parseOptions(args, { minutes: text, seed: text, rate: text, budget: text });
  const each = readNumber('minutes', values.minutes) ?? 3;
  return {
    minutes: each,
    firstSeed: readNumber('seed', values.seed, { isWhole: true }) ?? randomInt(1, 2 ** 31),
    rate: readNumber('rate', values.rate) ?? 1000,
    budget: readNumber('budget', values.budget) ?? each,
  };
});
const interrupt = new AbortController();
process.exitCode = await main().catch((error: unknown) => {
  if (!interrupt.signal.aborted) throw error;
  write('Interrupted.');
  return INTERRUPTED;
});
process.exit();

async function main(): Promise<number> {
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  const untilMs = performance.now() + budget * MINUTE_MS;
  let failed = 0;
  let seed = firstSeed;
  do {
    if (!(await runSeed({ seed, minutes, rate, signal: interrupt.signal }))) failed += 1;
    seed += 1;
  } while (performance.now() < untilMs && !interrupt.signal.aborted);
  if (seed - firstSeed > 1) write(`${seed - firstSeed} seeds, ${failed} of them with broken promises.`);
  return failed === 0 ? 0 : 1;
}

/** Returns whether all that was promised was kept. */
async function runSeed({
  seed,
  minutes,
  rate,
  signal,
}: {
  readonly seed: number;
  readonly minutes: number;
  readonly rate: number;
  readonly signal: AbortSignal;
}): Promise<boolean> {
  write(
    `Seed ${seed}, ${minutes} min; again with: npm run test:backup -- --minutes ${minutes} --seed ${seed} --rate ${rate}`,
  );
  const { broken, events, documents, faults, seconds } = await runBackup({
    ...{ seed, harmMs: minutes * MINUTE_MS, eventsPerSecond: rate, env: readWholeEnvironment(), signal },
    say: (what) => write(`${new Date().toISOString().slice(11, 19)}  ${what}`),
  });
  for (const what of broken.slice(0, 20)) write(`broken: ${what}`);
  write(
    `${events} events, ${faults} faults, ${documents} documents on both sides, in ${seconds.toFixed(0)} s.`,
  );
  write(
    broken.length === 0 ? 'The backup holds the same as the primary.' : `${broken.length} broken promises.`,
  );
  return broken.length === 0;
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
