import { createInterface } from 'node:readline/promises';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';
import type { Session } from './session.ts';

/**
 * Asks a person whether to go on; anything but yes is no. Where nobody can be asked, `--yes` has to have said it.
 *
 * @throws CliError when nobody can be asked
 */
export async function confirm(
  { stdin, stderr, signal }: Pick<Session, 'stdin' | 'stderr' | 'signal'>,
  question: string,
): Promise<boolean> {
  if (!stdin.isTTY) {
    throw new CliError(EXIT.usage, 'There is no terminal to ask in: add --yes to go on without a question.');
  }
  const lines = createInterface({ input: stdin, output: stderr });
  const left = new AbortController();
  // Ctrl-C and Ctrl-D: both are a no.
  lines.once('SIGINT', () => left.abort());
  lines.once('close', () => left.abort());
  try {
    const answer = await lines.question(`${question} [y/N] `, {
      signal: AbortSignal.any([signal, left.signal]),
    });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (!left.signal.aborted) throw error;
    return false;
  } finally {
    lines.close();
  }
}
