import type { ReceiptDocument } from '@sluice/contracts/bulk';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Folded, foldReceipts, toFolded, toFoldedState } from './fold-receipts.ts';
import { isInRanges } from './seq-ranges.ts';

const MAX_RANGES = 3;
const LAST = 24;
const SEQS = Array.from({ length: LAST }, (_, index) => index + 1);

const stepArbitrary = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      seq: fc.integer({ min: 1, max: LAST }),
      state: fc.constantFrom('settled', 'void'),
      isGuessed: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant('fold' as const) },
  { weight: 1, arbitrary: fc.constant('fold, and be lost before the receipts are deleted' as const) },
);

function newReceipt(seq: number, state: ReceiptDocument['state'], isRevived: boolean): ReceiptDocument {
  const isSettled = state === 'settled';
  const counts = { accepted: isSettled ? 2 : 0, merged: isSettled ? 1 : 0 };
  const _id = `i-${seq}`;
  return {
    ...{ _id, instance: 'i', seq, state, ...counts, at: new Date(0) },
    ...(isRevived ? { uncounted: true as const } : {}),
  };
}

/** How many settled batches there are, and how many of them were void before. */
function countSettled(folded: Folded, receipts: ReadonlyMap<number, ReceiptDocument>) {
  const standing = [...receipts.values()].filter(({ state }) => state === 'settled');
  const revived = standing.filter(
    ({ seq, uncounted }) => uncounted === true || isInRanges(folded.voids, seq),
  );
  return {
    settled: folded.accepted / 2 + standing.length,
    merged: folded.merged + standing.length,
    revived: folded.uncounted / 3 + revived.length,
  };
}

it('changes neither the state of a batch nor the sums, and keeps few ranges, in whatever order receipts come', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 80 }), (steps) => {
      let folded = toFolded({});
      const receipts = new Map<number, ReceiptDocument>();
      const states = new Map<number, ReceiptDocument['state']>();
      let revived = 0;

      function fold(): readonly ReceiptDocument[] {
        const all = [...receipts.values()].sort((a, b) => a.seq - b.seq);
        const result = foldReceipts(folded, all, { told: LAST, maxRanges: MAX_RANGES });
        folded = result.folded;
        for (const { seq } of result.done) receipts.delete(seq);
        return result.done;
      }

      for (const step of steps) {
        if (step === 'fold') {
          fold();
        } else if (typeof step === 'string') {
          // Those that were never void are the ones that can be told from what was not added yet.
          for (const receipt of fold()) if (receipt.uncounted !== true) receipts.set(receipt.seq, receipt);
          const again = fold();
          expect(again.every(({ seq }) => states.has(seq))).toBe(true);
        } else {
          const before = states.get(step.seq);
          if (before === 'settled' || before === step.state) continue;
          const isRevived = before === 'void';
          if (isRevived) revived += 1;
          // A bulk that is guessed to be all new meets the void receipt of its batch, but not one that was folded.
          const isSeen = isRevived && (receipts.has(step.seq) || !step.isGuessed);
          receipts.set(step.seq, newReceipt(step.seq, step.state, isSeen));
          states.set(step.seq, step.state);
        }
        for (const seq of SEQS) {
          expect(receipts.get(seq)?.state ?? toFoldedState(folded, seq)).toBe(states.get(seq));
        }
        const settled = [...states.values()].filter((state) => state === 'settled').length;
        expect(countSettled(folded, receipts)).toEqual({ settled, merged: settled, revived });
        expect(folded.gaps.length).toBeLessThanOrEqual(MAX_RANGES);
        expect(folded.voids.length).toBeLessThanOrEqual(MAX_RANGES);
      }
    }),
    { numRuns: 2_000 },
  );
});
