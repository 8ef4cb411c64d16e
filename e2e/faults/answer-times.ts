/** The times of answers, in a memory that does not grow: by the millisecond up to 10 s. */
export type AnswerTimes = {
  readonly add: (ms: number) => void;
  /** Returns the time within which `percent` of the answers came, in whole ms. */
  readonly percentile: (percent: number) => number;
  readonly maxMs: () => number;
};

const LONGEST_MS = 10_000;

/** Creates an empty record of times. */
export function createAnswerTimes(): AnswerTimes {
  const counts = new Uint32Array(LONGEST_MS + 1);
  let total = 0;
  let maxMs = 0;
  return {
    add: (ms) => {
      const slot = Math.min(Math.ceil(ms), LONGEST_MS);
      counts[slot] = (counts[slot] ?? 0) + 1;
      total += 1;
      maxMs = Math.max(maxMs, ms);
    },
    percentile: (percent) => {
      let left = (total * percent) / 100;
      const slot = counts.findIndex((count) => {
        left -= count;
        return left <= 0;
      });
      return Math.max(slot, 0);
    },
    maxMs: () => maxMs,
  };
}
