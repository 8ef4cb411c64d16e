import { createItemBuffer } from './item-buffer.ts';
import type { Piece, Splitter } from './splitter.ts';

const LINE_FEED = 0x0a;

/**
 * Creates a splitter of lines, each an item (https://github.com/ndjson/ndjson-spec); lines of white space are skipped
 * and a line's ending, `\n` or `\r\n`, belongs to no item. A line of more than `maxItemBytes` is refused and the
 * others go on.
 */
export function createNdjsonSplitter(maxItemBytes: number): Splitter {
  const line = createItemBuffer(maxItemBytes);
  let offset = 0;
  let hasContent = false;
  /** A carriage return at the end of a chunk: part of the line only if no line feed follows. */
  let hasReturn = false;

  function add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (hasReturn) line.add(RETURN);
    hasReturn = bytes.at(-1) === 0x0d;
    hasContent ||= !isBlank(bytes);
    line.add(hasReturn ? bytes.subarray(0, -1) : bytes);
  }

  function* take(): Generator<Piece> {
    const piece = line.take();
    const isItem = hasContent;
    hasContent = false;
    hasReturn = false;
    if (isItem) yield piece;
  }

  function* push(chunk: Buffer): Generator<Piece> {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(LINE_FEED, from);
      add(chunk.subarray(from, at < 0 ? chunk.length : at));
      if (at < 0) break;
      yield* take();
      from = at + 1;
      line.begin(offset + from);
    }
    offset += chunk.length;
  }

  return { push, end: take };
}

const RETURN = Buffer.from('\r');

/** Tells whether bytes are white space of JSON. */
function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) {
    if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false;
  }
  return true;
}
