import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { LEAN_ENV, LEAN_NODE_FLAGS, NODE_FLAGS } from './app-run.ts';

const read = (name: string) => readFileSync(resolve(import.meta.dirname, '../../..', name), 'utf8');

test('containers run node with the same flags', () => {
  expect(read('Dockerfile')).toContain(`exec node ${NODE_FLAGS.join(' ')} `);
  const compose = read('docker-compose.yml');
  expect(compose).toContain(`exec node ${LEAN_NODE_FLAGS.join(' ')} apps/replicator/`);
  for (const [name, value] of Object.entries(LEAN_ENV)) expect(compose).toContain(`${name}: "${value}"`);
});
