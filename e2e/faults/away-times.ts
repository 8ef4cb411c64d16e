/** When processes were not able to answer, because the run itself froze or ended them. */
export type AwayTimes = {
  /** Notes that a process cannot answer from now on. */
  readonly begin: (label: string) => void;
  /** Notes that it can again. */
  readonly end: (label: string) => void;
  /** Tells whether it could not for some of the time since `fromMs` (of `performance.now()`). */
  readonly wasAway: (label: string, fromMs: number) => boolean;
};

/** Creates the record of a run; only the latest time of each process is kept, which is all that answers need. */
export function createAwayTimes(): AwayTimes {
  const endedMs = new Map<string, number>();
  const open = new Map<string, number>();
  return {
    begin: (label) => open.set(label, (open.get(label) ?? 0) + 1),
    end: (label) => {
      const left = (open.get(label) ?? 1) - 1;
      open.set(label, left);
      if (left === 0) endedMs.set(label, performance.now());
    },
    wasAway: (label, fromMs) =>
      (open.get(label) ?? 0) > 0 || (endedMs.get(label) ?? Number.NEGATIVE_INFINITY) >= fromMs,
  };
}
