import { parseOptions, UsageError } from '@sluice/local/command-line';

/** What the command line asks for. */
export type Arguments = { readonly once: boolean; readonly seed: number };

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
 * @throws UsageError
 */
export function readArguments(args: readonly string[]): Arguments {
  const { once, seed } = parseOptions(args, {
    once: { type: 'boolean', default: false },
    seed: { type: 'string', default: `${DEFAULT_SEED}` },
  });
  if (!/^\d{1,9}$/.test(seed)) {
    throw new UsageError(`--seed is "${seed}"; expected a whole number of up to 9 digits.`);
  }
  return { once, seed: Number(seed) };
}
