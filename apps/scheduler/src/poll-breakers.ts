import type { PollSource } from '@sluice/contracts/source';
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhenResult,
  noJitterGenerator,
} from 'cockatiel';

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

/** Creates the breakers; a run has failed when its `kind` is `failed`. `firstOpenMs` is 10,000 by default. */
export function createPollBreakers({ firstOpenMs = FIRST_OPEN_MS } = {}): PollBreakers {
  const breakers = new WeakMap<PollSource, CircuitBreakerPolicy>();

  function toBreaker(source: PollSource): CircuitBreakerPolicy {
    const known = breakers.get(source);
    if (known !== undefined) return known;
    const breaker = circuitBreaker(handleWhenResult(hasFailed), {
      halfOpenAfter: new ExponentialBackoff({
        generator: noJitterGenerator,
        initialDelay: firstOpenMs,
        maxDelay: LONGEST_OPEN_MS,
      }),
      breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
    });
    breakers.set(source, breaker);
    return breaker;
  }

  return {
    async run(source, run) {
      try {
        return await toBreaker(source).execute(run);
      } catch (error) {
        if (error instanceof BrokenCircuitError) return { kind: 'open' };
        throw error;
      }
    },
    async force(source, run) {
      const result = await run();
      if (!hasFailed(result)) breakers.delete(source);
      return result;
    },
  };
}

function hasFailed(result: unknown): boolean {
  return (result as { readonly kind: string }).kind === 'failed';
}
