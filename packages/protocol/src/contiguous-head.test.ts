import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createContiguousHead } from './contiguous-head.ts';

/** The most entries that a Map or a Set can have. */
const MAP_ENTRIES = 2 ** 24;

describe('contiguous head', () => {
  it('tells the same as a list of all that is confirmed, in whatever order and however often that happens', () => {
    const numbers = fc
      .array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 40 })
      .chain((events) => {
        const batches = events.map((count, index) => ({ seq: index + 1, count }));
        return fc
          .tuple(fc.shuffledSubarray(batches), fc.shuffledSubarray(batches))
          .map((parts) => parts.flat());
      });
    fc.assert(
      fc.property(numbers, (batches) => {
        const head = createContiguousHead();
        const confirmed = new Map<number, number>();
        for (const { seq, count } of batches) {
          head.add(seq, count);
          confirmed.set(seq, count);
          expect(head.read()).toEqual(readHead(confirmed));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('holds any number of batches beyond one that is not confirmed', () => {
    const head = createContiguousHead();
    for (let seq = 2; seq <= MAP_ENTRIES + 2; seq += 1) head.add(seq, 1);
    expect(head.read()).toEqual({ seq: 0, events: 0 });
    head.add(1, 1);
    expect(head.read()).toEqual({ seq: MAP_ENTRIES + 2, events: MAP_ENTRIES + 2 });
  });
});

function readHead(confirmed: ReadonlyMap<number, number>): { readonly seq: number; readonly events: number } {
  let seq = 0;
  let events = 0;
  for (let count = confirmed.get(1); count !== undefined; count = confirmed.get(seq + 1)) {
    seq += 1;
    events += count;
  }
  return { seq, events };
}
