/*
 * `npm run test:fuzz`: what nobody would send, sent to every operation of the api, and each answer held against what
 * /openapi.json says of it.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { orUsage, parseOptions, readNumber } from '@sluice/local/command-line';
import { StartError } from '@sluice/local/say';
import { startStack } from '@sluice/local/stack';
import { ANY_PORTS } from '@sluice/local/stack-ports';
import { readWholeEnvironment } from '@sluice/runtime/config';
import { createClient, drawKey } from '../openapi/client.ts';
import { makeWorld } from '../openapi/world.ts';
import { runFuzz } from './run-fuzz.ts';
import { findSchemathesis } from './schemathesis.ts';

const HELP = `npm run test:fuzz -- [--minutes N] [--max-examples N] [--seed S] [--phases a,b]
  --minutes       goes on with requests at random until then (5)
  --max-examples  requests at random per operation (25)
  --seed          repeats the requests of an earlier run
  --phases        only some of examples, coverage, fuzzing, stateful
`;

const { minutes, maxExamples, seed, phases } = orUsage(HELP, (args) => {
  const text = { type: 'string' } as const;
  const values = parseOptions(args, { minutes: text, 'max-examples': text, seed: text, phases: text });
  return {
    minutes: readNumber('minutes', values.minutes) ?? 5,
    maxExamples: readNumber('max-examples', values['max-examples'], { isWhole: true }) ?? 25,
    seed: readNumber('seed', values.seed, { isWhole: true }) ?? randomInt(1, 2 ** 31),
    phases: values.phases ?? 'examples,coverage,fuzzing,stateful',
  };
});
process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof StartError)) throw error;
  write(error.message);
  return 2;
});
process.exit();

async function main(): Promise<number> {
  const maxSeconds = Math.ceil(minutes * 60);
  write(
    `Seed ${seed}; again with: npm run test:fuzz -- --minutes ${minutes} --max-examples ${maxExamples} --seed ${seed}`,
  );
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  const { signal } = interrupt;
  await using undo = new AsyncDisposableStack();
  const env = readWholeEnvironment();
  const schemathesis = await findSchemathesis({ env, say: write, signal });
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-fuzz-'));
  undo.defer(() => rm(dataDir, { recursive: true, force: true }));
  const key = drawKey();
  const stack = await startStack({
    root: resolve(import.meta.dirname, '../..'),
    ...{ dataDir, say: write, ports: ANY_PORTS, workers: 1, schedulers: 1, signal },
    env: {
      ...env,
      ...{ AUTH: 'on', BOOTSTRAP_ADMIN_KEY: key, FAILURE_SIMULATION: 'on', RETRY_ATTEMPTS: '1' },
    },
  });
  undo.defer(() => stack.stop());
  const { apiUrl } = stack;
  const world = await makeWorld(createClient(apiUrl, key));
  const { ok, summary, output } = await runFuzz({
    ...{ apiUrl, key, world, schemathesis, seed, maxExamples, maxSeconds, env, signal },
    phases: phases.split(','),
  });
  if (!ok) write(output);
  write(`${summary}, seed ${seed}.`);
  return ok ? 0 : 1;
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
