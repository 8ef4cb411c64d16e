import { open } from 'node:fs/promises';
import { CliError, toMessage } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

const ASCII_COUNT = 128;
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** How a file shows by its first bytes what it is: by a byte order mark, or by the zeros of UTF-16 without one. */
const BEGINNINGS = [
  { encoding: 'utf-8', isOf: ([a, b, c]: Buffer) => a === 0xef && b === 0xbb && c === 0xbf },
  { encoding: 'utf-16le', isOf: ([a, b]: Buffer) => (a === 0xff && b === 0xfe) || (a !== 0 && b === 0) },
  { encoding: 'utf-16be', isOf: ([a, b]: Buffer) => (a === 0xfe && b === 0xff) || (a === 0 && b !== 0) },
] as const;

/**
 * Returns the encoding of a label as the WHATWG Encoding Standard names it; undefined for one that is unknown, or in
 * which the place of a character cannot be told from the text: only UTF-8, UTF-16 and those with one byte for each
 * character are read.
 */
export function findEncoding(label: string): string | undefined {
  let encoding: string;
  try {
    ({ encoding } = new TextDecoder(label));
  } catch {
    return undefined;
  }
  return encoding === 'utf-8' || isUtf16(encoding) || hasByteForEach(encoding) ? encoding : undefined;
}

/**
 * Tells how a file is encoded: as its first bytes show, else as was given, else UTF-8.
 *
 * @throws CliError when it cannot be read, or its first bytes show another encoding than was given
 */
export async function readEncoding(file: string, given: string | undefined): Promise<string> {
  const { buffer, bytesRead } = await readBeginning(file);
  const shown = BEGINNINGS.find(({ isOf }) => bytesRead > 1 && isOf(buffer))?.encoding;
  if (shown === undefined || given === undefined || shown === given) return shown ?? given ?? 'utf-8';
  throw new CliError(
    EXIT.usage,
    `The first bytes of the file show that it is ${toName(shown)}, not ${toName(given)}: leave --encoding out.`,
  );
}

/** Returns the bytes of the smallest character. */
export function toUnitBytes(encoding: string): number {
  return isUtf16(encoding) ? 2 : 1;
}

/** Counts the bytes from which a text was decoded. */
export function countBytes(text: string, encoding: string): number {
  return encoding === 'utf-8' ? Buffer.byteLength(text) : text.length * toUnitBytes(encoding);
}

/**
 * Decodes bytes that begin with a character, up to the last that is whole; a byte order mark is kept. Returns undefined
 * when there are bytes that are no character.
 */
export function decodeWhole(bytes: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** Counts the line feeds of a text. */
export function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** Says where bytes stop being text of an encoding; `before` counts what stands before them in the file. */
export function tellFault(
  bytes: Buffer,
  encoding: string,
  before: { readonly bytes: number; readonly lines: number } = { bytes: 0, lines: 0 },
): string {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (decodeWhole(bytes.subarray(0, middle), encoding) === undefined) bad = middle;
    else good = middle;
  }
  const text = decodeWhole(bytes.subarray(0, good), encoding) ?? '';
  const line = before.lines + countLines(text) + 1;
  return `is not ${toName(encoding)} in line ${line} (byte ${before.bytes + countBytes(text, encoding) + 1})`;
}

async function readBeginning(file: string): Promise<{ buffer: Buffer; bytesRead: number }> {
  try {
    const handle = await open(file);
    try {
      return await handle.read(Buffer.alloc(3), 0, 3, 0);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new CliError(EXIT.usage, `The file cannot be read: ${toMessage(cause)}.`, { cause });
  }
}

function isUtf16(encoding: string): boolean {
  return encoding.startsWith('utf-16');
}

/** The bytes of ASCII must be ASCII: the separators of a file are. */
function hasByteForEach(encoding: string): boolean {
  const text = new TextDecoder(encoding).decode(EVERY_BYTE);
  return (
    text.length === EVERY_BYTE.length &&
    text.startsWith(String.fromCharCode(...EVERY_BYTE.subarray(0, ASCII_COUNT)))
  );
}

function toName(encoding: string): string {
  return encoding.replace(/^utf/, 'UTF');
}
