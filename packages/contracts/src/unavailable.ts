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
