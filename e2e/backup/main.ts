/*
 * `npm run test:backup`: harm to the backup, to the way there and to the replicators, while events are ingested, and the
 * proof that the backup holds the same as the primary afterwards. The same seed does the same faults in the same order.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
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

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: `${randomInt(1, 2 ** 31)}` },
    rate: { type: 'string', default: '1000' },
    budget: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const interrupt = new AbortController();
process.exitCode = await main().catch((error: unknown) => {
  if (!interrupt.signal.aborted) throw error;
  write('Interrupted.');
  return INTERRUPTED;
});
process.exit();

async function main(): Promise<number> {
  const numbers = [values.minutes, values.seed, values.rate, values.budget ?? values.minutes].map(Number);
  const [minutes = 0, firstSeed = 0, rate = 0, budget = 0] = numbers;
  if (values.help || !numbers.every((value) => Number.isFinite(value) && value > 0)) {
    write(HELP);
    return values.help ? 0 : 2;
  }
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
