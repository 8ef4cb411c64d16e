import type { ErrorCode } from '@sluice/contracts/errors';
import { ProblemException } from '@sluice/contracts/errors';
import { DependencyAwayError } from '@sluice/contracts/unavailable';

/** The four classes of failure, and nothing else. */
export type Failure =
  /** Another attempt cannot help: dead at once. */
  | { readonly class: 'permanent'; readonly code: ErrorCode; readonly message: string }
  /** Another attempt may help: retried with backoff, dead after the last attempt. */
  | { readonly class: 'transient'; readonly code: ErrorCode; readonly message: string }
  /** A store is away, or only `isBusy`, for these documents alone: held, no attempt counted. */
  | { readonly class: 'dependency-away'; readonly message: string; readonly isBusy: boolean }
  /** This worker does not know the schema version: parked, no attempt counted. */
  | { readonly class: 'unknown-version'; readonly version: number; readonly message: string };

/**
 * Thrown (or returned) by processing when this worker does not know an event's schema version, or what else another one
 * may know: `message` says what.
 */
export class UnknownVersionError extends Error {
  override readonly name = 'UnknownVersionError';
  readonly version: number;

  constructor(version: number, message = `This worker does not know schema version ${version}.`) {
    super(message);
    this.version = version;
  }
}

/**
 * Thrown when other writers kept some documents to themselves: a worker that died in a transaction does, until MongoDB
 * gives that up. Other events can be stored meanwhile.
 */
export class DocumentsBusyError extends Error {
  override readonly name = 'DocumentsBusyError';
}

/** Thrown by processing when an attempt was asked to fail. */
export class SimulatedFailureError extends Error {
  override readonly name = 'SimulatedFailureError';
}

/** Thrown by processing when the payload itself is the reason and no further attempt can help. */
export class RefusedPayloadError extends Error {
  override readonly name = 'RefusedPayloadError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Decides the class of whatever went wrong while an event was processed: the only place that does. */
export function toFailure(error: unknown): Failure {
  const isBusy = error instanceof DocumentsBusyError;
  if (isBusy || error instanceof DependencyAwayError) {
    return { class: 'dependency-away', message: error.message, isBusy };
  }
  if (error instanceof UnknownVersionError) {
    return { class: 'unknown-version', version: error.version, message: error.message };
  }
  if (error instanceof RefusedPayloadError) {
    return { class: 'permanent', code: error.code, message: error.message };
  }
  if (error instanceof ProblemException) {
    return { class: 'permanent', code: 'ERR_PAYLOAD_UNPARSABLE', message: error.message };
  }
  if (error instanceof SimulatedFailureError) {
    return { class: 'transient', code: 'ERR_SIMULATED', message: error.message };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { class: 'transient', code: 'ERR_UNEXPECTED', message: message.slice(0, 1000) };
}
