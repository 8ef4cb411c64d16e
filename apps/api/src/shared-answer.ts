import { ProblemException } from '@sluice/contracts/errors';

/** How an answer is shared. */
export type SharedAnswerOptions<Answer> = {
  readonly compute: () => Promise<Answer>;
  /** How long an answer is good, in milliseconds. */
  readonly maxAgeMs: number;
  /** How long a caller waits for a computation, in milliseconds; it goes on without the caller. */
  readonly patienceMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
};

/**
 * Creates a function that computes an answer for all who ask: one computation at a time, whose answer is good for
 * `maxAgeMs`. A failure is told to those who waited for it, and not kept.
 *
 * The function throws ProblemException ERR_UNAVAILABLE when the computation takes longer than `patienceMs`.
 */
export function createSharedAnswer<Answer>(options: SharedAnswerOptions<Answer>): () => Promise<Answer> {
  const { compute, maxAgeMs, patienceMs, now } = options;
  let kept: { readonly answer: Answer; readonly at: number } | undefined;
  let running: Promise<Answer> | undefined;

  async function run(): Promise<Answer> {
    try {
      const answer = await compute();
      kept = { answer, at: now() };
      return answer;
    } finally {
      running = undefined;
    }
  }

  async function waitFor(computation: Promise<Answer>): Promise<Answer> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const detail = 'The answer is still being computed.';
      late.reject(new ProblemException('ERR_UNAVAILABLE', detail, { retryAfterSeconds: 1 }));
    }, patienceMs);
    try {
      return await Promise.race([computation, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  return async () => {
    if (kept !== undefined && now() - kept.at < maxAgeMs) return kept.answer;
    running ??= run();
    return waitFor(running);
  };
}
