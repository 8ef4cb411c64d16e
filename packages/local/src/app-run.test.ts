import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { NODE_FLAGS } from './app-run.ts';

test('containers run node with the same flags', () => {
  const dockerfile = readFileSync(resolve(import.meta.dirname, '../../../Dockerfile'), 'utf8');
  expect(dockerfile).toContain(`exec node ${NODE_FLAGS.join(' ')} `);
});
