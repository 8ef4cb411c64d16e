import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { ChainableCommander } from 'ioredis';

/** Names of the errors that ioredis, its parser and BullMQ use when Redis refuses or the connection fails. */
const REDIS_ERROR_NAMES: ReadonlySet<string> = new Set([
  'ReplyError',
  'ParserError',
  'AbortError',
  'InterruptError',
  'MaxRetriesPerRequestError',
  'ClusterAllFailedError',
  'ConnectionClosedError',
]);

/** ioredis throws these as plain errors. */
const REDIS_ERROR_MESSAGES =
  /^(Command timed out|Blocking command timed out|Connection is closed|Stream isn't writeable|Socket timeout)/;

/**
 * Turns whatever Redis, its client or the socket below threw into a `DependencyAwayError`; any other error (a
 * defect) comes back as it is.
 */
export function toDependencyAway(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DependencyAwayError) return error;
  const isRedis =
    REDIS_ERROR_NAMES.has(error.name) || REDIS_ERROR_MESSAGES.test(error.message) || 'syscall' in error;
  if (!isRedis) return error;
  // ioredis hangs the whole command on its errors, and a command's arguments are payloads: none may reach a log.
  if ('command' in error) delete error.command;
  return new DependencyAwayError('redis', error.message, { cause: error });
}

/**
 * Settles as `work` does, but after `deadlineMs` at the latest.
 *
 * @throws DependencyAwayError when the deadline passes first, or when `work` fails because of Redis.
 */
export function withinDeadline<T>(work: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new DependencyAwayError('redis', `Redis did not answer ${what} within ${deadlineMs} ms.`));
    }, deadlineMs);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(toDependencyAway(error));
      },
    );
  });
}

/**
 * Runs a pipeline within a deadline and returns its replies; one refused command rejects the whole.
 *
 * @throws DependencyAwayError
 */
export async function execPipeline(
  pipeline: ChainableCommander,
  deadlineMs: number,
  what: string,
): Promise<readonly unknown[]> {
  const replies = (await withinDeadline(pipeline.exec(), deadlineMs, what)) ?? [];
  return replies.map(([error, reply]) => {
    if (error !== null) throw toDependencyAway(error);
    return reply;
  });
}
