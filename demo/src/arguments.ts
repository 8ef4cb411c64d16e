import { parseArgs } from 'node:util';
import { PlainError } from '@sluice/contracts/plain-error';

/** What the command line asks for. */
export type Arguments = { readonly once: boolean; readonly help: boolean; readonly seed: number };

/** Thrown when the command line cannot be read; the message says what is wrong. */
export class ArgumentsError extends PlainError {
  override readonly name = 'ArgumentsError';
}

const DEFAULT_SEED = 1;

/** What `--help` prints. */
export const HELP = `npm run demo [-- options]

Starts Sluice on this machine, sends it some 1,850 webhooks, metric events and
device readings, lets it poll 300 orders, and compares what comes out with what
has to. Then it stays up, until Ctrl-C, for you to look around.

  --once       stop everything after the table; exit code 1 if a row is off
  --seed <n>   make the inputs from another seed (default ${DEFAULT_SEED})
  --help       print this

Settings come from the environment as for npm start: DATA_DIR, WORKERS,
INGEST_PORT, API_PORT, REDIS_URL, MONGODB_URI ... (docs/configuration.md).
`;

/**
 * Reads the command line, without program and script.
 *
 * @throws ArgumentsError
 */
export function readArguments(args: readonly string[]): Arguments {
  const { once, help, seed } = parse(args);
  if (!/^\d{1,9}$/.test(seed)) {
    throw new ArgumentsError(`--seed is "${seed}"; expected a whole number of up to 9 digits.`);
  }
  return { once, help, seed: Number(seed) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        seed: { type: 'string', default: `${DEFAULT_SEED}` },
      },
    }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ArgumentsError(`${reason}\nnpm run demo -- --help lists the options.`, { cause });
  }
}
