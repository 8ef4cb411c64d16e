import { expect, it } from 'vitest';
import { findTellingLine } from './logs.ts';

it('takes the last error of Redis, without its stamp', () => {
  const log = `4:C 21 Nov 2026 11:00:00.000 * oO0OoO0OoO0Oo
4:M 21 Nov 2026 11:00:00.001 # Failed listening on port 6379 (tcp), aborting.
4:M 21 Nov 2026 11:00:00.002 * bye
`;
  expect(findTellingLine(log)).toBe('Failed listening on port 6379 (tcp), aborting.');
});

it('takes the last error of mongod, with its detail', () => {
  const log = `{"s":"I","msg":"Build info"}
{"s":"E","msg":"DBException in initAndListen, terminating","attr":{"error":"DBPathInUse: Unable to lock"}}
{"s":"I","msg":"Shutting down","attr":{"exitCode":100}}`;
  expect(findTellingLine(log)).toBe('DBException in initAndListen, terminating: DBPathInUse: Unable to lock');
});

it('takes the last error of pino, by number or by name', () => {
  expect(
    findTellingLine('{"level":60,"msg":"process.failed","err":{"message":"no key"}}\n{"level":30}'),
  ).toBe('process.failed: no key');
  expect(findTellingLine('{"level":"fatal","msg":"no key"}\n{"level":"info","msg":"bye"}')).toBe('no key');
});

it('takes the error of an uncaught exception out of its stack', () => {
  const log = `file:///app/main.ts:3
throw new TypeError('no port');
      ^

TypeError: no port
    at file:///app/main.ts:3:7

Node.js v24.21.0
`;
  expect(findTellingLine(log)).toBe('TypeError: no port');
});

it('takes the list below a sentence that ends with a colon', () => {
  const log = 'ingest: The file is wrong in 2 places:\n  a.yaml:1 first\n  a.yaml:2 second\nbye\n';
  expect(findTellingLine(log)).toBe(
    'ingest: The file is wrong in 2 places:\n  a.yaml:1 first\n  a.yaml:2 second',
  );
});

it('takes the last line when none is an error', () => {
  expect(findTellingLine('one\ntwo\n\n')).toBe('two');
  expect(findTellingLine('\n')).toBeUndefined();
});
