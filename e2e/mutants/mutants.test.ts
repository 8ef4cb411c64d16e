import { describe, expect, it } from 'vitest';
import { mutants } from './list/all.ts';
import { MutantError, mutate } from './mutant.ts';
import { integration, joinProofs, only, unit } from './proof.ts';
import { toVerdict } from './verdict.ts';

const TEST = { fullName: 'a b', ancestorTitles: ['a'], title: 'b' };

function toReport(...statuses: readonly string[]) {
  return {
    testResults: [{ message: '', assertionResults: statuses.map((status) => ({ ...TEST, status })) }],
  };
}

describe('a mutant', () => {
  const mutant = { name: 'm', breaks: 1, file: 'f.ts', find: 'await add();', replace: 'add();' } as const;

  it('is put in the one place where its text is', () => {
    expect(mutate('before; await add(); after;', mutant)).toBe('before; add(); after;');
  });

  it.each(['before;', 'await add(); await add();'])('is out of date in %j', (text) => {
    expect(() => mutate(text, mutant)).toThrow(MutantError);
  });

  it('has a name of its own', () => {
    const names = mutants.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a run of tests', () => {
  it('is red with the name of the test that failed', () => {
    expect(toVerdict(toReport('passed', 'failed', 'skipped'), 1)).toEqual({ kind: 'red', test: 'a > b' });
  });

  it('is green when some passed and none failed', () => {
    expect(toVerdict(toReport('passed', 'skipped'), 0)).toEqual({ kind: 'green', tests: 1 });
  });

  it.each([
    ['without a report', null, 1],
    ['without a test that ran', toReport('skipped'), 0],
    ['without a test', toReport(), 1],
    ['with a file that cannot be loaded', { testResults: [{ message: 'no', assertionResults: [] }] }, 1],
    ['with an error beside the tests', toReport('passed'), 1],
  ])('is neither %s', (_, report, exitCode) => {
    expect(toVerdict(report, exitCode)).toMatchObject({ kind: 'broken' });
  });
});

it('runs each test file once for all mutants that need it', () => {
  const proofs = [unit('a', 'b'), integration('c'), unit('b'), only('x', integration('c'))];
  expect(joinProofs(proofs)).toEqual([unit('a', 'b'), integration('c'), only('x', integration('c'))]);
});
