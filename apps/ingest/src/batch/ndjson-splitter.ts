import { createItemBuffer } from './item-buffer.ts';
import type { Piece, Splitter } from './splitter.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Creates a splitter of lines, each an item (https://github.com/ndjson/ndjson-spec); lines of white space are skipped
 * and a line's ending, `\n` or `\r\n`, belongs to no item. A line of more than `maxItemBytes` is refused and the
 * others go on.
 */
export function createNdjsonSplitter(maxItemBytes: number): Splitter {
  const line = createItemBuffer(maxItemBytes);
  let offset = 0;
  /** Whether anything of the line was added, and whether it is more than white space. */
  let isBegun = false;
  let hasContent = false;
  /** A carriage return at the end of a chunk: part of the line only if no line feed follows. */
  let hasReturn = false;

  function add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    isBegun = true;
    if (hasReturn) line.add(RETURN);
    hasReturn = bytes.at(-1) === CARRIAGE_RETURN;
    hasContent ||= !isBlank(bytes);
    line.add(hasReturn ? bytes.subarray(0, -1) : bytes);
  }

  function* take(): Generator<Piece> {
    const piece = line.take();
    const isItem = hasContent;
    isBegun = false;
    hasContent = false;
    hasReturn = false;
    if (isItem) yield piece;
  }

  function* push(chunk: Buffer): Generator<Piece> {
    let from = 0;
    for (;;) {
      if (!isBegun) {
        from = skipEmptyLines(chunk, from);
        line.begin(offset + from);
      }
      const at = chunk.indexOf(LINE_FEED, from);
      add(chunk.subarray(from, at < 0 ? chunk.length : at));
      if (at < 0) break;
      yield* take();
      from = at + 1;
    }
    offset += chunk.length;
  }

  return { push, end: take };
}

/** Returns where the first line with something in it begins: millions of empty ones must cost next to nothing. */
function skipEmptyLines(chunk: Buffer, from: number): number {
  let at = from;
  for (;;) {
    if (chunk[at] === LINE_FEED) at += 1;
    else if (chunk[at] === CARRIAGE_RETURN && chunk[at + 1] === LINE_FEED) at += 2;
    else return at;
  }
}

const RETURN = Buffer.from('\r');

/** Tells whether bytes are white space of JSON. */
function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) {
    if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false;
  }
  return true;
}
