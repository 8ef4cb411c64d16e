import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { buffer as readAll } from 'node:stream/consumers';
import { parseJson } from './api-client.ts';
import { CliError, toMessage } from './cli-error.ts';
import { tellFault } from './encoding.ts';
import { EXIT } from './exit-codes.ts';
import type { Session } from './session.ts';

const STANDARD_INPUT = 'Standard input';

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
  return checkJson(toText(await readAll(stdin), STANDARD_INPUT), STANDARD_INPUT);
}

/** Reads a text file. @throws CliError when it cannot be read, or is not UTF-8 */
export async function readTextFile(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new CliError(EXIT.usage, `The file cannot be read: ${toMessage(cause)}.`, { cause });
  }
  return toText(bytes, path);
}

/** Decodes strictly: a letter that is replaced would be wrong for good, and nobody would see it. */
function toText(bytes: Buffer, name: string): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new CliError(EXIT.usage, `${name} ${tellFault(bytes, 'utf-8')}: convert it to UTF-8.`);
}

function checkJson(text: string, name: string): string {
  const json = text.replace(/^\ufeff/, '');
  if (parseJson(json) === undefined) throw new CliError(EXIT.usage, `${name} does not hold valid JSON.`);
  return json;
}
