/** Tracks how far numbered batches, which are confirmed in any order, are confirmed without a gap. */
export type ContiguousHead = {
  /** Confirms a batch and the number of events that its job holds. */
  add(seq: number, events: number): void;
  /** Tells the highest number up to which all are confirmed, and their events in total. */
  read(): { readonly seq: number; readonly events: number };
};

/** Creates a head that expects numbers from 1. */
export function createContiguousHead(): ContiguousHead {
  const ahead = new Map<number, number>();
  let seq = 0;
  let events = 0;
  return {
    add(confirmed, count) {
      ahead.set(confirmed, count);
      for (let next = ahead.get(seq + 1); next !== undefined; next = ahead.get(seq + 1)) {
        seq += 1;
        events += next;
        ahead.delete(seq);
      }
    },
    read: () => ({ seq, events }),
  };
}
