import { parseOptions, readNumber, UsageError } from '@sluice/local/command-line';
import { CASE_NAMES, type CaseName } from './cases/registry.ts';

/** What the command line asks for. */
export type Arguments = {
  readonly runs: number;
  readonly seconds: number;
  readonly isQuick: boolean;
  /** The cases to run; empty for all but the long ones. */
  readonly only: readonly CaseName[];
  /** Whether the long cases are run, too. */
  readonly growth: boolean;
  readonly soak: boolean;
  readonly fullSync: boolean;
  /** How many documents a full sync is measured with: whole bulks in each of two collections. */
  readonly documents: number;
  readonly json: boolean;
};

/** What `--help` prints. */
export const HELP = `npm run bench [-- options]

Measures Sluice beside a server that does nothing, MongoDB alone and two simple
designs, in one sitting, on Redis and MongoDB servers of its own. Figures differ
from machine to machine; the ratios and the CPU time per event are what to
compare. Nothing else should run meanwhile. All of it takes more than 25 minutes.

  --quick        one run of 4 s a case (with --growth and --soak: smaller ones)
  --runs <n>     rounds; every figure is the median of them (default 3)
  --seconds <n>  how long each case is measured (default 10)
  --only <case>  this case and the no-op beside it; may be given several times
  --growth       also: drain with 2 million stored events against none
  --soak         also: memory during 10 minutes at half load
  --full-sync    also: memory of a replicator that copies, then compares
                 millions of small documents; takes half an hour
  --millions <n> how many millions those are (default 5, 0.2 with --quick)
  --json         print JSON, every single run in it, instead of tables
  --help         print this

Cases: ${CASE_NAMES.join(', ')
  .replace(/(.{1,66})(?:, |$)/g, '$1,\n       ')
  .trim()
  .replace(/,$/, '')}

Data is kept in the folder for temporary files (TMPDIR) and removed; on a
folder in memory the durable settings cost nothing, so that is not fair. Only
the second MongoDB of sync-apart is in /dev/shm, as if it were elsewhere.
Settings of Sluice in the environment count, for instance BULK_EVENTS.
The exit code is 1 when the counts of a case are off, which has no figures then.
`;

const DEFAULTS = { runs: 3, seconds: 10, millions: 5 } as const;
const QUICK = { runs: 1, seconds: 4, millions: 0.2 } as const;

/** A bulk in each of the two collections that are filled. */
const DOCUMENTS = 2000;
const MAX = { runs: 100, seconds: 600 } as const;

/**
 * Reads the command line, without program and script.
 *
 * @throws UsageError
 */
export function readArguments(args: readonly string[]): Arguments {
  const { quick, runs, seconds, only, millions, 'full-sync': fullSync, ...flags } = parse(args);
  const defaults = quick ? QUICK : DEFAULTS;
  return {
    ...flags,
    isQuick: quick,
    fullSync,
    documents: toDocuments(readNumber('millions', millions) ?? defaults.millions),
    runs: readWhole('runs', runs, defaults.runs),
    seconds: readWhole('seconds', seconds, defaults.seconds),
    only: only.map(readCase),
  };
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  return parseOptions(args, {
    quick: flag,
    runs: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    growth: flag,
    soak: flag,
    'full-sync': flag,
    millions: { type: 'string' },
    json: flag,
  });
}

function readWhole(name: keyof typeof MAX, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= MAX[name]) return value;
  throw new UsageError(`--${name} is "${text}"; expected a whole number from 1 to ${MAX[name]}.`);
}

function toDocuments(millions: number): number {
  return Math.ceil((millions * 1_000_000) / DOCUMENTS) * DOCUMENTS;
}

function readCase(text: string): CaseName {
  const found = CASE_NAMES.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`There is no case "${text}". The cases are ${CASE_NAMES.join(', ')}.`);
}
