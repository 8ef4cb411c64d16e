/*
 * `npm run test:backup`: harm to the backup, to the way there and to the replicators, while events are ingested, and the
 * proof that the backup holds the same as the primary afterwards. The same seed does the same faults in the same order.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readWholeEnvironment } from '@sluice/runtime/config';
import { runBackup } from './run-backup.ts';

const HELP = `npm run test:backup -- [--minutes N] [--seed S] [--rate R]
  --minutes  how long harm is done (3)
  --seed     repeats the order of faults of an earlier run
  --rate     events per second (1000)
`;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: `${randomInt(1, 2 ** 31)}` },
    rate: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
});
process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  const [minutes = 0, seed = 0, rate = 0] = [values.minutes, values.seed, values.rate].map(Number);
  if (values.help || ![minutes, seed, rate].every((value) => Number.isFinite(value) && value > 0)) {
    write(HELP);
    return values.help ? 0 : 2;
  }
  write(
    `Seed ${seed}, ${minutes} min; again with: npm run test:backup -- --minutes ${minutes} --seed ${seed} --rate ${rate}`,
  );
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  const { broken, events, documents, faults, seconds } = await runBackup({
    ...{ seed, harmMs: minutes * MINUTE_MS, eventsPerSecond: rate, env: readWholeEnvironment() },
    say: (what) => write(`${new Date().toISOString().slice(11, 19)}  ${what}`),
    signal: interrupt.signal,
  });
  for (const what of broken.slice(0, 20)) write(`broken: ${what}`);
  write(
    `${events} events, ${faults} faults, ${documents} documents on both sides, in ${seconds.toFixed(0)} s.`,
  );
  write(
    broken.length === 0 ? 'The backup holds the same as the primary.' : `${broken.length} broken promises.`,
  );
  return broken.length === 0 ? 0 : 1;
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
