import { expect, test } from 'vitest';
import { ArgumentsError, readArguments } from './arguments.ts';

test('reads the options, with defaults', () => {
  expect(readArguments([])).toEqual({ once: false, help: false, seed: 1 });
  expect(readArguments(['--once', '--seed', '42'])).toEqual({ once: true, help: false, seed: 42 });
});

test('refuses what it does not know', () => {
  expect(() => readArguments(['--ones'])).toThrow(ArgumentsError);
  expect(() => readArguments(['--seed', 'x'])).toThrow('--seed is "x"');
});
