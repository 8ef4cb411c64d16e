/**
 * Thrown when a store is away, silent, or without a primary: a reason to hold or to take another way, never a
 * failed attempt.
 */
export class DependencyAwayError extends Error {
  override readonly name = 'DependencyAwayError';
  readonly dependency: 'redis' | 'mongodb';

  constructor(dependency: 'redis' | 'mongodb', message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.dependency = dependency;
  }
}

/** Thrown when a store did not answer in time: it is away, or what was asked of it at once is too much for it. */
export class NoAnswerError extends DependencyAwayError {}
