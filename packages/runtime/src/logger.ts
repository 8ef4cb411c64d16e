import { type DestinationStream, type LevelWithSilent, type Logger as PinoLogger, pino } from 'pino';
import { MASK, maskUrlPasswords } from './mask.ts';

/** Writes JSON lines; one wide line per unit of work, named `noun.verb-past`. */
export type Logger = PinoLogger;

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-hub-signature',
  'x-hub-signature-256',
  'webhook-signature',
  'stripe-signature',
  'x-shopify-hmac-sha256',
  'x-slack-signature',
  'secret',
  'secrets',
  'password',
  'apiKey',
];

/** Lists the paths that are masked: every secret field at the top and up to three levels down. */
function toRedactPaths(): string[] {
  return SECRET_FIELDS.flatMap((field) => {
    const last = `["${field}"]`;
    return [last, `*${last}`, `*.*${last}`, `*.*.*${last}`];
  });
}

/** What a log line says of an error: no other property, because drivers hang whole documents on theirs. */
type LoggedError = {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | number | undefined;
  readonly cause: LoggedError | undefined;
};

/** How many causes of an error are told. */
const MAX_CAUSES = 5;

function toLoggedError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack } = error;
  // A connection that failed on every address says nothing itself: the first of its errors does.
  const cause: unknown = error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: name,
    message,
    stack,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    cause:
      cause instanceof Error && depth < MAX_CAUSES
        ? (toLoggedError(cause, depth + 1) as LoggedError)
        : undefined,
  } satisfies LoggedError;
}

/**
 * Creates the logger of a process: JSON with `app`, `instance`, level by name and ISO time, to standard output
 * unless `destination` is given. Secret headers and fields and the passwords of URLs are masked.
 */
export function createLogger({
  app,
  instance,
  level,
  destination,
}: {
  readonly app: string;
  readonly instance: string;
  readonly level: LevelWithSilent;
  readonly destination?: DestinationStream;
}): Logger {
  const options = {
    level,
    base: { app, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => toLoggedError(error) },
    redact: { paths: toRedactPaths(), censor: MASK },
    hooks: { streamWrite: maskUrlPasswords },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
