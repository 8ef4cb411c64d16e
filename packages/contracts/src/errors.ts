import { ERROR_TABLE, type ErrorEntry } from './error-table.ts';

/** Every code that Sluice answers or writes on an event. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** Codes that have an HTTP status. */
export type ProblemCode = {
  [Code in ErrorCode]: (typeof ERROR_TABLE)[Code] extends { readonly status: number } ? Code : never;
}[ErrorCode];

/** The table by code. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorEntry>> = ERROR_TABLE;

/** Returns the HTTP status of a code that can be answered. */
export function toStatus(code: ProblemCode): number {
  return ERROR_TABLE[code].status;
}

/** One place in a body or query that is wrong; `pointer` is an RFC 6901 JSON pointer. */
export type ProblemError = { readonly pointer: string; readonly detail: string };

/**
 * An RFC 9457 problem as Sluice answers it. `type` is the relative reference `/docs/errors#<code>`, so that it
 * holds wherever Sluice runs; `instance` is the request id.
 */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly ProblemError[];
};

/**
 * Thrown where a request cannot be served; the HTTP layer turns it into a problem. `retryAfterSeconds`
 * becomes the `Retry-After` header.
 */
export class ProblemException extends Error {
  override readonly name = 'ProblemException';
  readonly code: ProblemCode;
  readonly errors: readonly ProblemError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ProblemCode,
    detail?: string,
    options: { errors?: readonly ProblemError[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(
      detail ?? ERROR_TABLE[code].title,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
