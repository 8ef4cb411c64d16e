import { expect, it } from 'vitest';
import { parseOptions, readNumber, UsageError } from './command-line.ts';

const OPTIONS = {
  minutes: { type: 'string', default: '3' },
  only: { type: 'string', multiple: true },
  trace: { type: 'boolean', default: false },
} as const;

const parse = (...args: string[]) => parseOptions(args, OPTIONS);

it('reads options, several times where they may be given so', () => {
  expect({ ...parse() }).toEqual({ minutes: '3', trace: false });
  expect({ ...parse('--trace', '--minutes=7', '--only', 'a', '--only', 'b') }).toEqual({
    ...{ minutes: '7', trace: true, only: ['a', 'b'] },
  });
});

it.each([
  [['--seconds', '20'], 'There is no option --seconds.'],
  [['--minute', '20'], 'There is no option --minute.'],
  [['-x'], 'There is no option -x.'],
  [['--constructor'], 'There is no option --constructor.'],
  [['--minutes'], '--minutes needs a value.'],
  [['--minutes', '--trace'], '--minutes needs a value.'],
  [['--minutes', '-1'], '--minutes needs a value.'],
  [['--trace=yes'], '--trace takes no value.'],
  [['x'], '"x" is not expected here.'],
  [['--', 'x'], '"x" is not expected here.'],
])('says in a sentence what is wrong with %j', (args, sentence) => {
  expect(() => parse(...args)).toThrow(new UsageError(sentence));
});

it.each(['0', '-1', 'x', '', ' ', 'Infinity', 'NaN'])('takes %j for no number', (text) => {
  expect(() => readNumber('rate', text)).toThrow(`--rate is "${text}"; expected a number above 0.`);
});

it('takes fractions where they make sense', () => {
  expect([readNumber('rate', '0.5'), readNumber('rate', undefined)]).toEqual([0.5, undefined]);
  expect(() => readNumber('seed', '0.5', { isWhole: true })).toThrow('expected a whole number above 0.');
});
