/** What this package needs of a logger; pino's fits. */
export type QueueLogger = { warn(fields: Readonly<Record<string, unknown>>, message: string): void };

/** Reports an error; the same message again within `everyMs` is only counted. */
export type ReportError = (error: Error) => void;

/** The most messages told apart at once; an error whose message varies must not grow the memory. */
const MESSAGES_MAX = 50;

/**
 * Creates a function that logs `redis.failed` at most once per message and `everyMs` (10,000 by default), with the
 * number of repeats it kept to itself. Only name and message are logged: ioredis errors carry the command's
 * arguments, which are payloads.
 */
export function createErrorReporter(
  logger: QueueLogger,
  fields: Readonly<Record<string, unknown>>,
  everyMs = 10_000,
): ReportError {
  const seen = new Map<string, { at: number; suppressed: number }>();
  return function reportError(error) {
    const now = Date.now();
    const last = seen.get(error.message);
    if (last !== undefined && now - last.at < everyMs) {
      last.suppressed += 1;
      return;
    }
    if (seen.size >= MESSAGES_MAX) seen.clear();
    seen.set(error.message, { at: now, suppressed: 0 });
    logger.warn(
      { ...fields, error: error.name, reason: error.message, suppressed: last?.suppressed ?? 0 },
      'redis.failed',
    );
  };
}
