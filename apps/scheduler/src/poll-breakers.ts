import type { PollSource } from '@sluice/contracts/source';

/** Failed runs in a row that open a source's breaker. */
const FAILURES_TO_OPEN = 5;

/** How long an open breaker lets no run begin: doubled with every trial that fails, up to five minutes. */
const FIRST_OPEN_MS = 10_000;
const LONGEST_OPEN_MS = 300_000;

/**
 * A breaker for each source, of this scheduler alone: after five failed runs in a row it opens, lets one run try
 * after 10 s, and closes when that one does not fail. A source that was changed has a new one.
 */
export type PollBreakers = {
  /** Runs unless the source's breaker is open; then returns `open`. */
  run<Result extends { readonly kind: string }>(
    source: PollSource,
    run: () => Promise<Result>,
  ): Promise<Result | { readonly kind: 'open' }>;
  /** Runs whatever the breaker says, and closes it when the run does not fail. */
  force<Result extends { readonly kind: string }>(
    source: PollSource,
    run: () => Promise<Result>,
  ): Promise<Result>;
};

/** What failed in a row, and until when an open breaker lets no run begin. */
type Breaker = { readonly failures: number; readonly openUntilMs: number };

/**
 * Creates the breakers; a run has failed when its `kind` is `failed`, and one that throws says nothing of its source.
 * `elapsed` is a clock in ms that nobody sets, `performance.now` by default; cockatiel's breaker goes by the wall clock.
 */
export function createPollBreakers({ elapsed = () => performance.now() } = {}): PollBreakers {
  const breakers = new WeakMap<PollSource, Breaker>();

  return {
    async run(source, run) {
      const { failures, openUntilMs } = breakers.get(source) ?? CLOSED;
      if (elapsed() < openUntilMs) return { kind: 'open' };
      const result = await run();
      if (!hasFailed(result)) breakers.delete(source);
      else breakers.set(source, { failures: failures + 1, openUntilMs: elapsed() + toOpenMs(failures + 1) });
      return result;
    },
    async force(source, run) {
      const result = await run();
      if (!hasFailed(result)) breakers.delete(source);
      return result;
    },
  };
}

const CLOSED: Breaker = { failures: 0, openUntilMs: Number.NEGATIVE_INFINITY };

function toOpenMs(failures: number): number {
  if (failures < FAILURES_TO_OPEN) return 0;
  return Math.min(FIRST_OPEN_MS * 2 ** (failures - FAILURES_TO_OPEN), LONGEST_OPEN_MS);
}

function hasFailed(result: { readonly kind: string }): boolean {
  return result.kind === 'failed';
}
