import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { LEAN_ENV, LEAN_NODE_FLAGS, MALLOC_ENV, NODE_FLAGS } from './app-run.ts';
import { EVICTION } from './mongo.ts';

const read = (name: string) => readFileSync(resolve(import.meta.dirname, '../../..', name), 'utf8');

test('containers run node with the same flags and the same memory', () => {
  expect(read('Dockerfile')).toContain(`exec node ${NODE_FLAGS.join(' ')} `);
  for (const [name, value] of Object.entries(MALLOC_ENV))
    expect(read('Dockerfile')).toContain(`${name}=${value}`);
  const compose = read('docker-compose.yml');
  expect(compose).toContain(`exec node ${LEAN_NODE_FLAGS.join(' ')} apps/replicator/`);
  for (const [name, value] of Object.entries(LEAN_ENV)) expect(compose).toContain(`${name}: "${value}"`);
});

test('both MongoDBs of the compose file write changed pages as those of this machine do', () => {
  expect(read('docker-compose.yml').split(`"${EVICTION}"`)).toHaveLength(3);
});
