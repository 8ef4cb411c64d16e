import { expect, test } from 'vitest';
import { findNear } from './near.ts';

const names = ['LOG_LEVEL', 'WORKERS', 'AUTH', 'HOST', 'MONGODB_URI'];

test('names the setting that a misspelling means', () => {
  expect(findNear('LOG_LEVLE', names)).toBe('LOG_LEVEL');
  expect(findNear('MONGODB_URL', names)).toBe('MONGODB_URI');
  expect(findNear('WORKER', names)).toBe('WORKERS');
  expect(findNear('log_level', names)).toBe('LOG_LEVEL');
});

test("names a short setting of which two letters are in each other's place", () => {
  for (const name of ['AUHT', 'UATH', 'ATUH']) expect(findNear(name, names)).toBe('AUTH');
  expect(findNear('AUT', ['TAU'])).toBeUndefined();
});

test('leaves unrelated short names alone', () => {
  expect(findNear('PATH', names)).toBeUndefined();
  expect(findNear('HOME', names)).toBeUndefined();
  expect(findNear('WORDS', names)).toBeUndefined();
});

test('does not suggest the name itself', () => {
  expect(findNear('AUTH', names)).toBeUndefined();
});
