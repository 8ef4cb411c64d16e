import type { PollProgress } from '@sluice/contracts/poll';

/** As many problems of a run are kept in words. */
const FIRST_PROBLEMS = 5;
const MAX_PROBLEM_CHARS = 300;

/** Counts what a run does. */
export type PollTally = {
  readPage(): void;
  /** Counts records that were kept, `accepted` of them not known before. */
  keep(records: number, accepted: number): void;
  /** Counts records that could not be taken. */
  reject(records: number): void;
  addProblem(detail: string): void;
  read(): PollProgress;
};

/** Creates the tally of one run. */
export function createPollTally(): PollTally {
  let [pages, records, accepted, rejected, problems] = [0, 0, 0, 0, 0];
  const first: string[] = [];
  return {
    readPage() {
      pages += 1;
    },
    keep(count, acceptedCount) {
      records += count;
      accepted += acceptedCount;
    },
    reject(count) {
      rejected += count;
    },
    addProblem(detail) {
      problems += 1;
      if (first.length < FIRST_PROBLEMS) first.push(detail.slice(0, MAX_PROBLEM_CHARS));
    },
    read: () => ({
      ...{ pages, records, accepted, duplicates: records - accepted, rejected },
      problems: { count: problems, first: [...first] },
    }),
  };
}
