/** How much of a full portion is taken at once. */
export type PortionShare = {
  /** Returns that share of a limit, 1 at least. */
  of(limit: number): number;
  /** Takes half as much from now on: MongoDB did not manage it, or not in time. */
  halve(): void;
  /** Takes twice as much from now on, up to the limits. */
  grow(): void;
};

/** One of the 2,000 seconds that a fold takes at most; from here it is back at all of them after eleven portions. */
const LEAST = 2 ** -11;

/** Creates the share of a whole portion. */
export function createPortionShare(): PortionShare {
  let share = 1;
  return {
    of: (limit) => Math.max(1, Math.floor(limit * share)),
    halve() {
      share = Math.max(LEAST, share / 2);
    },
    grow() {
      share = Math.min(1, share * 2);
    },
  };
}
