/*
 * `npm run test:replay -- --count 10000`: dead letters by the thousand, replayed while schedulers, workers and the api
 * are killed, and the proof that each of them was touched once.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { orUsage, parseOptions, readNumber, UsageError } from '@sluice/local/command-line';
import { startStack } from '@sluice/local/stack';
import { ANY_PORTS } from '@sluice/local/stack-ports';
import { readWholeEnvironment } from '@sluice/runtime/config';
import { MongoClient } from 'mongodb';
import { runReplay } from './run-replay.ts';
import { REPLAY_ENV } from './settings.ts';

const HELP = `npm run test:replay -- [--count N] [--seed S]
  --count  dead letters (10000)
  --seed   repeats which letters there are, and when what is killed
`;

const FEWEST = 20;

const { count, seed } = orUsage(HELP, (args) => {
  const values = parseOptions(args, { count: { type: 'string' }, seed: { type: 'string' } });
  const wanted = readNumber('count', values.count, { isWhole: true }) ?? 10_000;
  if (wanted < FEWEST) throw new UsageError(`--count is "${wanted}"; expected at least ${FEWEST}.`);
  return {
    count: wanted,
    seed: readNumber('seed', values.seed, { isWhole: true }) ?? randomInt(1, 2 ** 31),
  };
});
process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  write(`Seed ${seed}; again with: npm run test:replay -- --count ${count} --seed ${seed}`);
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  await using undo = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-replay-'));
  undo.defer(() => rm(dataDir, { recursive: true, force: true }));
  const say = (what: string) => write(`${new Date().toISOString().slice(11, 19)}  ${what}`);
  const stack = await startStack({
    root: resolve(import.meta.dirname, '../..'),
    ...{ dataDir, say, ports: ANY_PORTS, workers: 2, schedulers: 2, signal: interrupt.signal },
    env: { ...readWholeEnvironment(), ...REPLAY_ENV },
  });
  undo.defer(() => stack.stop());
  const client = await MongoClient.connect(stack.mongodbUri);
  undo.defer(() => client.close());
  const { broken, killed, seconds } = await runReplay({
    ...{ stack, count, seed, say, db: client.db(), signal: interrupt.signal },
  });
  for (const what of broken.slice(0, 20)) write(`broken: ${what}`);
  write(`${count} dead letters in ${seconds.toFixed(1)} s, killed: ${killed.join(', ')}.`);
  write(broken.length === 0 ? 'Each was touched once.' : `${broken.length} broken promises.`);
  return broken.length === 0 ? 0 : 1;
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
