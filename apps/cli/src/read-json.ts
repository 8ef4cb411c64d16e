import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseJson } from './api-client.ts';
import { CliError, toMessage } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';
import type { Session } from './session.ts';

/**
 * Reads JSON as it is written: from a file, or from standard input for `-`.
 *
 * @throws CliError when it cannot be read, or is not JSON
 */
export async function readJsonFile(
  { stdin, output }: Pick<Session, 'stdin' | 'output'>,
  path: string,
): Promise<string> {
  if (path !== '-') return checkJson(await readTextFile(path), path);
  if (stdin.isTTY) output.note('Reading JSON from the terminal; end it with Ctrl-D.');
  return checkJson(await readAll(stdin), 'Standard input');
}

/** Reads a text file. @throws CliError */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CliError(EXIT.usage, `The file cannot be read: ${toMessage(cause)}.`, { cause });
  }
}

function checkJson(text: string, name: string): string {
  const json = text.replace(/^\ufeff/, '');
  if (parseJson(json) === undefined) throw new CliError(EXIT.usage, `${name} does not hold valid JSON.`);
  return json;
}
