import { createReadStream } from 'node:fs';
import { CliError } from '../cli-error.ts';
import { countBytes, countLines, decodeWhole, tellFault } from '../encoding.ts';
import { EXIT } from '../exit-codes.ts';
import type { RowStart } from './row.ts';

/** A file of text, and its encoding as `findEncoding` names it. */
export type TextFile = { readonly path: string; readonly encoding: string };

/** The text of a file as UTF-8, and the way back to its own bytes. */
export type OpenText = {
  readonly chunks: AsyncIterable<Buffer>;
  /** Returns the place in the file of the first byte behind so many bytes of `chunks`; never asked for an earlier one. */
  readonly toOffset: (utf8Bytes: number) => number;
};

const READ_BYTES = 256 * 1024;

/** Opens a file as the bytes it holds from a place on. */
export function openBytes(path: string, { offset }: RowStart): OpenText {
  return { chunks: readChunks(path, offset), toOffset: (bytes) => offset + bytes };
}

/**
 * Opens a file as the text it holds from a place on, which is the beginning of a character. Its chunks end with an error
 * where it is not of its encoding; `consequence` says at the end of that sentence what it means.
 */
export function openText(
  { path, encoding }: TextFile,
  { offset, line }: RowStart,
  consequence: string,
): OpenText {
  /** What was read and not yet counted; of UTF-8, whose bytes count as they are, nothing. */
  const held: Buffer[] = [];
  let heldFrom = 0;
  let heldOffset = offset;

  async function* read(): AsyncGenerator<Buffer> {
    const before = { bytes: offset, lines: line };
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of readChunks(path, offset)) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const text = decodeWhole(bytes, encoding);
      if (text === undefined) throw toError(bytes, before);
      const usedBytes = countBytes(text, encoding);
      rest = bytes.subarray(usedBytes);
      before.bytes += usedBytes;
      before.lines += countLines(text);
      if (encoding === 'utf-8') {
        yield bytes.subarray(0, usedBytes);
      } else {
        const utf8 = Buffer.from(text);
        held.push(utf8);
        yield utf8;
      }
    }
    // A character that the file breaks off in.
    if (rest.length > 0) throw toError(rest, before);
  }

  function toError(bytes: Buffer, before: { readonly bytes: number; readonly lines: number }): CliError {
    return new CliError(
      EXIT.usage,
      `${path} ${tellFault(bytes, encoding, before)}: name its encoding, like --encoding windows-1252 for CSV that Excel saved, or convert it to UTF-8. ${consequence}`,
    );
  }

  function toOffset(utf8Bytes: number): number {
    if (encoding === 'utf-8') return offset + utf8Bytes;
    for (let [first] = held; first !== undefined && heldFrom < utf8Bytes; [first] = held) {
      const counted = first.subarray(0, utf8Bytes - heldFrom);
      heldFrom += counted.length;
      heldOffset += countBytes(counted.toString('utf8'), encoding);
      if (counted.length === first.length) held.shift();
      else held[0] = first.subarray(counted.length);
    }
    return heldOffset;
  }

  return { chunks: read(), toOffset };
}

/**
 * Reads a file to its end, so that one that is not of its encoding is refused before any of it is sent.
 *
 * @throws CliError that says in which line
 */
export async function checkText(file: TextFile, start: RowStart, signal: AbortSignal): Promise<void> {
  for await (const _ of openText(file, start, 'Nothing was sent.').chunks) signal.throwIfAborted();
}

function readChunks(path: string, offset: number): AsyncIterable<Buffer> {
  return createReadStream(path, { start: offset, highWaterMark: READ_BYTES });
}
