import { readFileSync } from 'node:fs';
import { PlainError } from '@sluice/contracts/plain-error';
import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { createAct } from './session.ts';

const { stdin, stdout, stderr } = process;
const stopping = new AbortController();

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (stopping.signal.aborted) process.exit(EXIT.interrupted);
    stopping.abort(new CliError(EXIT.interrupted, 'Stopped.'));
  });
}
// What is said beside the answer may be lost; what the command does, and how it ends, may not.
stderr.on('error', () => undefined);
stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Nobody reads the answer: the exit code is one all the same.
  if (error.code !== 'EPIPE') process.exit(EXIT.failed);
});

process.exitCode = await main(process.argv);
// Whoever stopped it waits for no connection that is still being tried.
if (stopping.signal.aborted) process.exit();

async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const act = createAct({
    streams: { stdin, stdout, stderr },
    signal: stopping.signal,
    // Whoever read the list has seen enough: `sluice events list --all | head`.
    leave: () => process.exit(EXIT.ok),
    finish: (given) => {
      code = given;
    },
  });
  const packageFile = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version }: { version: string } = JSON.parse(packageFile);
  try {
    await createProgram({ act, version, stdout, stderr }).parseAsync(argv);
    return code;
  } catch (error) {
    return tell(error);
  }
}

/** Tells what went wrong, and returns the exit code for it. */
function tell(error: unknown): ExitCode {
  // Commander has told it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (stopping.signal.aborted && !(error instanceof CliError)) return tell(stopping.signal.reason);
  if (error instanceof PlainError) {
    stderr.write(`sluice: ${error.message}\n`);
    return error instanceof CliError ? error.exitCode : EXIT.usage;
  }
  stderr.write(`sluice: Something went wrong inside: ${error instanceof Error ? error.stack : error}\n`);
  return EXIT.failed;
}
