/** Tracks how far numbered batches, which are confirmed in any order, are confirmed without a gap. */
export type ContiguousHead = {
  /** Confirms a batch and the number of events that its job holds; confirming it again changes nothing. */
  add(seq: number, events: number): void;
  /** Tells the highest number up to which all are confirmed, and their events in total. */
  read(): { readonly seq: number; readonly events: number };
};

/** Numbers in a row that are confirmed, `to` included, and their events in total. */
type Run = { from: number; to: number; events: number };

/**
 * Creates a head that expects numbers from 1. It holds one entry for each gap, however many numbers are confirmed
 * beyond it.
 */
export function createContiguousHead(): ContiguousHead {
  const head: Run = { from: 0, to: 0, events: 0 };
  /** In order, the head first, with a gap between each two. */
  const runs: Run[] = [head];

  function add(seq: number, events: number): void {
    const index = findBefore(seq);
    const before = runs[index] ?? head;
    const after = runs[index + 1];
    if (seq <= before.to) return;
    const isNext = seq === before.to + 1;
    if (isNext && after?.from === seq + 1) {
      before.to = after.to;
      before.events += events + after.events;
      runs.splice(index + 1, 1);
    } else if (isNext) {
      before.to = seq;
      before.events += events;
    } else if (after?.from === seq + 1) {
      after.from = seq;
      after.events += events;
    } else {
      runs.splice(index + 1, 0, { from: seq, to: seq, events });
    }
  }

  /** Returns the index of the last run that begins at a number or before it. */
  function findBefore(seq: number): number {
    let low = 0;
    let high = runs.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((runs[middle]?.from ?? 0) <= seq) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  return { add, read: () => ({ seq: head.to, events: head.events }) };
}
