import { describe, expect, test } from 'vitest';
import { AnswerError } from './formats/item.ts';
import { readNextLink } from './link-header.ts';

describe('a Link header', () => {
  test.each([
    ['<https://a.test/?page=2>; rel="next"', 'https://a.test/?page=2'],
    ['</1>; rel="prev", </3>; title="a, b; rel=x"; rel="last next"', '/3'],
    ['</3>; REL=Next', '/3'],
    ['</3>; rel=prev; rel=next', undefined],
    ['</3>', undefined],
    ['</3>; rel="next', undefined],
    ['rel="next"', undefined],
    [undefined, undefined],
  ])('%s names %s', (header, next) => {
    expect(readNextLink(header)).toBe(next);
  });

  test('that is long and hostile is read at once', () => {
    expect(readNextLink(`<x>${' ;'.repeat(5000)}`)).toBeUndefined();
    expect(readNextLink('<x>;a='.repeat(2700))).toBeUndefined();
  });

  test('of 16 KiB is read to its end, and a longer one is refused rather than taken for that of the last page', () => {
    const token = 'x'.repeat(5000);
    const header = `</?t=${token}>; rel="first", </?t=${token}>; rel="prev", </?t=${token}>; rel="next"`;
    expect(readNextLink(header)).toBe(`/?t=${token}`);
    expect(readNextLink(header.padEnd(16 * 1024))).toBe(`/?t=${token}`);
    expect(() => readNextLink(header.padEnd(16 * 1024 + 1))).toThrow(AnswerError);
  });
});
