import { randomBytes, randomInt } from 'node:crypto';
import { afterEach, inject } from 'vitest';
import type {} from './test-context.ts';

/** Names of one test file, and its seed. */
export type TestNames = {
  /** For random data, so that a failure can be repeated: TEST_SEED, else random. */
  readonly seed: number;
  /** Begins every key in Redis. */
  readonly prefix: string;
  /** A database of the file's own. */
  readonly database: string;
  /** The address of that database. */
  readonly mongoUrl: string;
};

/**
 * Makes names that no other test file uses; call it once, at the top of the file. When a test fails, the seed and the
 * names are printed.
 */
export function createTestNames(): TestNames {
  const given = inject('hostEnv')['TEST_SEED'];
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  const name = `t_${randomBytes(6).toString('hex')}`;
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return;
    process.stdout.write(`"${task.name}": prefix and database ${name}, repeat with TEST_SEED=${seed}\n`);
  });
  return { seed, prefix: name, database: name, mongoUrl: mongoUrlFor(name) };
}

/** Returns the address of a database on the MongoDB of this test run. */
export function mongoUrlFor(database: string): string {
  return inject('mongoUrl').replace('/?', `/${database}?`);
}
