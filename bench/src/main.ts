/*
 * `npm run bench`: what Sluice takes and stores, beside a server that does nothing, MongoDB alone and two simple
 * designs, in one sitting on this machine. Only ratios within one run mean something, and CPU time per event.
 *
 * 1. The command line is read (arguments.ts).
 * 2. Rounds of cases run one after the other, each on servers of its own (rounds.ts, cases/).
 * 3. Medians and ratios are printed (summary.ts, ratios.ts, report.ts). A case whose counts are not those of MongoDB
 *    prints no figure, and the exit code is 1.
 * 4. Ctrl-C or SIGTERM ends what runs and removes its data.
 */
import { PlainError } from '@sluice/contracts/plain-error';
import { orUsage } from '@sluice/local/command-line';
import { StartError } from '@sluice/local/say';
import { HELP, readArguments } from './arguments.ts';
import { toJson, toTables } from './report.ts';
import { runSitting } from './rounds.ts';
import { summarize } from './summary.ts';

const INTERRUPTED = 130;
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
process.exit(await main().catch(explain));

async function main(): Promise<number> {
  const options = orUsage(HELP, readArguments);
  const sitting = await runSitting({
    ...options,
    env: process.env,
    say,
    signal: stopping.signal,
  });
  const { failures, notes } = sitting;
  const reported = { ...summarize(sitting), failures, notes };
  process.stdout.write(options.json ? toJson(reported, options) : toTables(reported, options));
  return failures.length === 0 ? 0 : 1;
}

/** The second time nothing is removed, and the guards of the servers end them. */
function stop(): void {
  if (stopping.signal.aborted) process.exit(INTERRUPTED);
  say('Stopping.');
  stopping.abort(new Error('Stopped.'));
}

function explain(error: unknown): number {
  if (stopping.signal.aborted) return INTERRUPTED;
  const isPlain = error instanceof PlainError || error instanceof StartError;
  say(isPlain ? error.message : String(error instanceof Error ? error.stack : error));
  return 1;
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
