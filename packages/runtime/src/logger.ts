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
    redact: { paths: toRedactPaths(), censor: MASK },
    hooks: { streamWrite: maskUrlPasswords },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
