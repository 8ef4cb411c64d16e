import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { splitAll, toChunks } from '../../test/split-all.ts';
import { createJsonArraySplitter } from './json-array-splitter.ts';

const MIB = 1024 ** 2;
const split = (text: string | Buffer, cuts: readonly number[] = [], maxItemBytes = MIB) =>
  splitAll(createJsonArraySplitter(maxItemBytes), toChunks(Buffer.from(text), cuts));

/** White space and other spellings that JSON allows but JSON.stringify does not write. */
const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 3 });
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });
const oddText = fc.string({
  unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', 'a', 'é', '😀', '\u2028'),
});
const value = fc.oneof(fc.jsonValue({ maxDepth: 4 }), oddText, fc.dictionary(oddText, oddText));

const spelledArray = fc
  .array(fc.tuple(value, space, space, fc.boolean()))
  .chain((items) => fc.tuple(fc.constant(items), space, space, space))
  .map(([items, before, inside, after]) => {
    const slices = items.map(([item, , , indented]) => JSON.stringify(item, null, indented ? 2 : 0));
    const text = slices.map((slice, index) => `${items[index]?.[1]}${slice}${items[index]?.[2]}`).join(',');
    return { text: `${before}[${inside}${text}]${after}`, slices };
  });

describe('the splitter of a JSON array', () => {
  test('gives the exact bytes of every item, wherever the chunks end', () => {
    fc.assert(
      fc.property(spelledArray, cuts, ({ text, slices }, places) => {
        const pieces = split(text, places);
        expect(pieces).toEqual(slices);
        expect(slices.map((slice) => JSON.parse(slice))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('takes from a text with a fault in it only items that stand before the fault', () => {
    fc.assert(
      fc.property(spelledArray, cuts, fc.nat(), oddText, ({ text }, places, at, noise) => {
        const place = at % (text.length + 1);
        const broken = (text.slice(0, place) + noise + text.slice(place)).toWellFormed();
        const parsed = parseOrNull(broken);
        const good: unknown[] = [];
        let isCut = false;
        for (const piece of split(broken, places)) {
          const item = typeof piece === 'string' ? parseOrNull(piece) : null;
          if (item === null) {
            isCut = true;
            break;
          }
          good.push(item.value);
        }
        if (parsed !== null && Array.isArray(parsed.value)) expect(good).toEqual(parsed.value);
        else expect(isCut).toBe(true);
      }),
    );
  });

  test('says the same of a text however it is cut', () => {
    const piece = fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', ' ', '1', 'null', '"a"');
    fc.assert(
      fc.property(fc.string({ unit: piece }), cuts, (text, places) => {
        expect(split(text, places)).toEqual(split(text));
      }),
    );
  });

  it.each([
    ['[]', []],
    [' [ ] ', []],
    ['[1]', ['1']],
    ['[1,"a,]", {"b":[1,{}]} ,null]', ['1', '"a,]"', '{"b":[1,{}]}', 'null']],
    ['["\\\\","\\""]', ['"\\\\"', '"\\""']],
    ['', [{ break: 'ERR_BODY_EMPTY' }]],
    [' \n', [{ break: 'ERR_BODY_EMPTY' }]],
    ['{}', [{ break: 'ERR_JSON_INVALID' }]],
    ['\uFEFF[1]', [{ break: 'ERR_JSON_INVALID' }]],
    ['[1', [{ break: 'ERR_JSON_INVALID' }]],
    ['[1,', ['1', { break: 'ERR_JSON_INVALID' }]],
    ['[1,]', ['1', { break: 'ERR_JSON_INVALID' }]],
    ['[,1]', [{ break: 'ERR_JSON_INVALID' }]],
    ['[1,,2]', ['1', { break: 'ERR_JSON_INVALID' }]],
    ['[1 2]', ['1', { break: 'ERR_JSON_INVALID' }]],
    ['[1}', ['1', { break: 'ERR_JSON_INVALID' }]],
    ['[1]2', ['1', { break: 'ERR_JSON_INVALID' }]],
    ['[1],[2]', ['1', { break: 'ERR_JSON_INVALID' }]],
    ['["a]', [{ break: 'ERR_JSON_INVALID' }]],
  ])('reads %j', (text, pieces) => {
    expect(split(text)).toEqual(pieces);
  });

  it.each([
    ['\uFEFF[1]', 'The body begins with a byte order mark.'],
    ['{}', 'The body must be a JSON array of events.'],
    ['[1]2', 'The array breaks off at byte 3.'],
  ])('says what is wrong with %j', (text, detail) => {
    const last = [...createJsonArraySplitter(MIB).push(Buffer.from(text))].at(-1);
    expect(last).toMatchObject({ kind: 'break', problem: { message: detail } });
  });

  it('refuses an item that is too large, whatever it holds, and goes on with the next', () => {
    const large = JSON.stringify({ text: '",]}'.repeat(30) });
    const places = Array.from({ length: 20 }, (_, index) => index / 20);
    for (const chunks of [[], places]) {
      expect(split(`[1,${large},2]`, chunks, 100)).toEqual(['1', { refused: 'ERR_BODY_TOO_LARGE' }, '2']);
    }
    expect(split('["12345678"]', [], 10)).toEqual(['"12345678"']);
    expect(split('["123456789"]', [], 10)).toEqual([{ refused: 'ERR_BODY_TOO_LARGE' }]);
  });

  it('holds an item of any depth without descending', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(split(`[${deep},1]`)).toEqual([deep, '1']);
  });
});

function parseOrNull(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}
