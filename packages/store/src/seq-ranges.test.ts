import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isInRanges, type SeqRange, withoutSeqs, withSeqs } from './seq-ranges.ts';

it('takes numbers out of ranges, at their ends and in their midst', () => {
  const ranges = [
    { from: 2, to: 5 },
    { from: 9, to: 9 },
    { from: 12, to: 14 },
  ];
  expect(withoutSeqs(ranges, [1, 2, 4, 9, 13])).toEqual([
    { from: 3, to: 3 },
    { from: 5, to: 5 },
    { from: 12, to: 12 },
    { from: 14, to: 14 },
  ]);
  expect(withoutSeqs(ranges, [])).toEqual(ranges);
});

it('puts numbers into ranges, and joins what touches', () => {
  const ranges = [
    { from: 2, to: 3 },
    { from: 6, to: 6 },
  ];
  expect(withSeqs(ranges, [1, 3, 5, 9])).toEqual([
    { from: 1, to: 3 },
    { from: 5, to: 6 },
    { from: 9, to: 9 },
  ]);
});

it('leaves exactly the other numbers, whatever the ranges', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 0, max: 3 })), {
    maxLength: 6,
  });
  const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 45 })).map((all) => all.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(steps, seqs, (lengths, taken) => {
      const ranges: SeqRange[] = [];
      for (const [skip, length] of lengths) {
        const from = (ranges.at(-1)?.to ?? 0) + skip;
        ranges.push({ from, to: from + length });
      }
      const left = withoutSeqs(ranges, taken);
      for (let seq = 1; seq <= 45; seq += 1) {
        expect(isInRanges(left, seq)).toBe(isInRanges(ranges, seq) && !taken.includes(seq));
      }
    }),
  );
});
