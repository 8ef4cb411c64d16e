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
 * after 10 s, and closes when that one does not fail.
 */
export type PollBreakers = {
  /** Runs unless the source's breaker is open; then returns `open`. */
  run<Result extends { readonly kind: string }>(
    source: string,
    run: () => Promise<Result>,
  ): Promise<Result | { readonly kind: 'open' }>;
};

/** Creates the breakers; a run has failed when its `kind` is `failed`. */
export function createPollBreakers({ firstOpenMs = FIRST_OPEN_MS } = {}): PollBreakers {
  const breakers = new Map<string, CircuitBreakerPolicy>();

  function toBreaker(source: string): CircuitBreakerPolicy {
    const known = breakers.get(source);
    if (known !== undefined) return known;
    const breaker = circuitBreaker(
      handleWhenResult((result) => (result as { readonly kind: string }).kind === 'failed'),
      {
        halfOpenAfter: new ExponentialBackoff({
          generator: noJitterGenerator,
          initialDelay: firstOpenMs,
          maxDelay: LONGEST_OPEN_MS,
        }),
        breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
      },
    );
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
  };
}
