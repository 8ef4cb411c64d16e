import { UsageError } from '@sluice/local/command-line';
import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';

test('reads the options, with defaults', () => {
  expect(readArguments([])).toEqual({ once: false, seed: 1 });
  expect(readArguments(['--once', '--seed', '42'])).toEqual({ once: true, seed: 42 });
});

test('refuses what it does not know', () => {
  expect(() => readArguments(['--ones'])).toThrow(UsageError);
  expect(() => readArguments(['--seed', 'x'])).toThrow('--seed is "x"');
});
