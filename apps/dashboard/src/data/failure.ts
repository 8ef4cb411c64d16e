import { Failure } from './http.ts';

/** Makes what a query threw a failure that a person can be told; null when nothing failed. */
export function toFailure(error: Error | null): Failure | null {
  if (error === null || error instanceof Failure) return error;
  return new Failure(error.message, { status: 0, cause: error });
}
