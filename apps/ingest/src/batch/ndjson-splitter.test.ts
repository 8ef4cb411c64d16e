import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { splitAll, toChunks } from '../../test/split-all.ts';
import { createNdjsonSplitter } from './ndjson-splitter.ts';

const split = (text: string, cuts: readonly number[] = [], maxItemBytes = 1024) =>
  splitAll(createNdjsonSplitter(maxItemBytes), toChunks(Buffer.from(text), cuts));

const ending = fc.constantFrom('\n', '\r\n', '\n\n', '\r\n \t\r\n');
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });

describe('the splitter of lines', () => {
  test('gives the exact bytes of every line, wherever the chunks end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.jsonValue({ maxDepth: 3 }), ending)),
        fc.boolean(),
        cuts,
        (items, ends, places) => {
          const slices = items.map(([item]) => JSON.stringify(item));
          const text = items.map(([, end], index) => `${slices[index]}${end}`).join('');
          expect(split(ends ? text : text.trimEnd(), places)).toEqual(slices);
        },
      ),
    );
  });

  it.each([
    ['', []],
    ['\n\r\n  \n', []],
    ['1', ['1']],
    ['1\n2', ['1', '2']],
    ['{"a":\n1}\n', ['{"a":', '1}']],
    ['a\rb\r\n', ['a\rb']],
    ['a\r\r\n', ['a\r']],
    ['\r{}\n\r\n\r', ['\r{}']],
  ])('reads %j', (text, lines) => {
    for (const places of [[], Array.from({ length: 20 }, (_, index) => index / 20)]) {
      expect(split(text, places)).toEqual(lines);
    }
  });

  it('passes over ten million empty lines at next to no cost', () => {
    const begin = process.cpuUsage();
    expect(split(`${'\n'.repeat(5_000_000)}1${'\r\n'.repeat(2_500_000)}2`, [0.5])).toEqual(['1', '2']);
    const { user, system } = process.cpuUsage(begin);
    expect((user + system) / 1000).toBeLessThan(700);
  });

  it('refuses a line that is too long and goes on with the next', () => {
    expect(split(`1\n${'x'.repeat(50)}\n2`, [0.3, 0.5], 10)).toEqual([
      '1',
      { refused: 'ERR_BODY_TOO_LARGE' },
      '2',
    ]);
  });
});
