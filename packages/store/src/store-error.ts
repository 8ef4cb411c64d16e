import { DependencyAwayError, NoAnswerError } from '@sluice/contracts/unavailable';
import {
  MongoBulkWriteError,
  MongoError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerError,
  MongoWriteConcernError,
} from 'mongodb';

const MAX_TIME_EXPIRED = 50;

/**
 * Server codes that speak of MongoDB's state and not of what was asked: no primary, shutting down, out of time,
 * out of disk, no majority, or not letting us in. Names as in the server's error_codes.yml.
 */
const AWAY_CODES: ReadonlySet<number> = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  13, // Unauthorized
  18, // AuthenticationFailed
  43, // CursorNotFound
  MAX_TIME_EXPIRED,
  64, // WriteConcernFailed
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  262, // ExceededTimeLimit
  8000, // AtlasError: over quota, or not letting us in
  9001, // SocketException
  10058, // LegacyNotPrimary
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13388, // StaleConfig
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
]);

/** Driver errors by name, because the driver does not export each of their classes. */
const AWAY_NAMES: ReadonlySet<string> = new Set([
  'MongoServerSelectionError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoOperationTimeoutError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoServerClosedError',
  'MongoClientClosedError',
  'MongoExpiredSessionError',
  'MongoStalePrimaryError',
]);

const AWAY_LABELS = ['RetryableWriteError', 'PoolRequestedRetry', 'SystemOverloadedError'] as const;

const LOCK_TIMEOUT = 24;

/** WriteConflict, LockTimeout, TransactionAborted, SnapshotUnavailable, NoSuchTransaction. */
const CONFLICT_CODES: ReadonlySet<number> = new Set([112, LOCK_TIMEOUT, 244, 246, 251]);

/** BSONObjectTooLarge, and the codes without a name that say the same of an update. */
const TOO_LARGE_CODES: ReadonlySet<number> = new Set([10334, 17419, 17420]);

/** The same, and codes that speak of nesting or of a path in an update. */
const REFUSED_CODES: ReadonlySet<number> = new Set([...TOO_LARGE_CODES, 2, 15, 28, 52, 56, 57]);

/** DuplicateKey. */
const DUPLICATE_KEY = 11_000;

/**
 * Translates what the driver threw: everything that only says that MongoDB is away, silent or without a primary
 * becomes a DependencyAwayError with the original as cause, a NoAnswerError where only its time was over; anything else stays what it is.
 */
export function toStoreError(thrown: unknown): unknown {
  const error = unwrap(thrown);
  if (!(error instanceof Error) || !isAway(error)) return error;
  const Away = isOutOfTime(error) ? NoAnswerError : DependencyAwayError;
  return new Away('mongodb', `MongoDB is away: ${error.message}`, { cause: error });
}

/** Finds what really happened: a bulk wraps whatever was thrown on its way as if the server had answered it. */
function unwrap(error: unknown): unknown {
  if (!(error instanceof MongoBulkWriteError)) return error;
  const response: unknown = error.errorResponse;
  return response instanceof Error ? response : error;
}

function isOutOfTime(error: Error): boolean {
  return error instanceof MongoError && toCodes(error).includes(MAX_TIME_EXPIRED);
}

function isAway(error: Error): boolean {
  // What the system says comes as it is from node:dns (`mongodb+srv`), and from a socket that breaks while a large
  // command waits until it may go on writing.
  if (!(error instanceof MongoError)) return 'syscall' in error;
  if (AWAY_NAMES.has(error.name) || error instanceof MongoNetworkError) return true;
  return (
    toCodes(error).some((code) => AWAY_CODES.has(code)) || AWAY_LABELS.some((it) => error.hasErrorLabel(it))
  );
}

/**
 * Tells whether a transaction failed because another writer was first: a write conflict, a duplicate key, or a
 * transaction that the server gave up. False for whatever `toStoreError` calls away.
 */
export function isConflict(thrown: unknown): boolean {
  const error = unwrap(thrown);
  if (!(error instanceof MongoError) || isAway(error)) return false;
  const codes = toCodes(error);
  if (codes.some((code) => CONFLICT_CODES.has(code) || code === DUPLICATE_KEY)) return true;
  return error.hasErrorLabel('TransientTransactionError');
}

/** Tells whether a transaction failed because somebody has, or waits for, all of a collection: to look it through, for one. */
export function isLocked(thrown: unknown): boolean {
  const error = unwrap(thrown);
  return error instanceof MongoError && toCodes(error).includes(LOCK_TIMEOUT);
}

/** Tells whether MongoDB refuses a document for what it holds, so that trying again would not help. */
export function isDocumentRefused(error: unknown): boolean {
  if (isTooLarge(error)) return true;
  return error instanceof MongoServerError && toCodes(error).some((code) => REFUSED_CODES.has(code));
}

/** Tells whether a document is larger than MongoDB can hold, whether that was found out there or on the way. */
export function isTooLarge(error: unknown): boolean {
  if (error instanceof MongoServerError) return toCodes(error).some((code) => TOO_LARGE_CODES.has(code));
  // Beyond 17 MiB the driver runs out of the buffer that it writes documents into, below that it looks at the size.
  if (error instanceof RangeError) return 'code' in error && error.code === 'ERR_OUT_OF_RANGE';
  return error instanceof MongoInvalidArgumentError && error.message.startsWith('Document is larger');
}

/** Tells whether one write failed because its key exists. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && toCodes(error).includes(DUPLICATE_KEY);
}

/**
 * Returns the positions of the writes of an unordered bulk that failed, and how; null when the error says more
 * than that single writes failed (no write errors listed, or the majority did not confirm).
 */
export function toWriteFailures(
  error: unknown,
): readonly { readonly index: number; readonly isDuplicate: boolean }[] | null {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined)
    return null;
  const failures = [error.writeErrors].flat();
  if (failures.length === 0 || isAway(error)) return null;
  return failures.map(({ index, code }) => ({ index, isDuplicate: code === DUPLICATE_KEY }));
}

/** Collects every code an error carries: its own, those of its single writes, that of its write concern. */
function toCodes(error: MongoError): readonly number[] {
  const codes: unknown[] = [error.code];
  if (error instanceof MongoBulkWriteError) {
    codes.push(
      ...[error.writeErrors].flat().map(({ code }) => code),
      error.result.getWriteConcernError()?.code,
    );
  }
  if (error instanceof MongoWriteConcernError) codes.push(error.result.writeConcernError.code);
  return codes.filter((code) => typeof code === 'number');
}
