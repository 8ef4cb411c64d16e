import { expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

it('measures a full sync of five million documents when asked for one, of fewer when quick, or of as many as said', () => {
  expect(readArguments([])).toMatchObject({ fullSync: false });
  expect(readArguments(['--full-sync'])).toMatchObject({ fullSync: true, documents: 5_000_000 });
  expect(readArguments(['--full-sync', '--quick'])).toMatchObject({ documents: 200_000 });
  // A whole bulk in each of two collections.
  expect(readArguments(['--millions', '0.0111'])).toMatchObject({ documents: 12_000 });
  expect(() => readArguments(['--millions', 'many'])).toThrow('--millions is "many"');
});
