/**
 * Cuts a JSON array into its items without parsing them: only quotes, backslashes, brackets and commas are looked at,
 * which in UTF-8 are never part of another character. For valid JSON the items are exactly those of `JSON.parse`. For
 * anything else some slice is not valid JSON, or the array breaks off; whoever parses the slices must stop at the
 * first that is not valid, because behind it nobody knows where an item begins.
 */
import { ProblemException } from '@sluice/contracts/errors';
import { createItemBuffer } from './item-buffer.ts';
import type { Piece, Splitter } from './splitter.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Its first byte in UTF-8. */
const BYTE_ORDER_MARK = 0xef;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Where the reader stands: before the array, before its first item, in an item, behind one, behind a comma, behind
 * the array, or where it broke off.
 */
type State = 'start' | 'first' | 'item' | 'behind' | 'next' | 'end' | 'broken';

/** Creates a splitter; an item of more than `maxItemBytes` is refused and the others go on. */
export function createJsonArraySplitter(maxItemBytes: number): Splitter {
  const item = createItemBuffer(maxItemBytes);
  let state: State = 'start';
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  let offset = 0;

  function* push(chunk: Buffer): Generator<Piece> {
    let at = 0;
    while (at < chunk.length && state !== 'broken') {
      if (state === 'item') {
        const from = at;
        at = findItemEnd(chunk, at);
        item.add(chunk.subarray(from, at));
        if (at === chunk.length) break;
        state = 'behind';
        yield item.take();
      } else {
        const byte = chunk[at] ?? 0;
        if (!isSpace(byte)) {
          state = follow(state, byte);
          if (state === 'broken') yield toBreak(offset + at, byte);
          // The first byte of an item is read again, as part of it.
          if (state === 'item') {
            item.begin(offset + at);
            continue;
          }
        }
        at += 1;
      }
    }
    offset += chunk.length;
  }

  /** Returns the index of the byte that ends the item, the chunk's length when it goes on. */
  function findItemEnd(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (inString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) {
        inString = true;
      } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        depth += 1;
      } else if (depth > 0) {
        if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
      } else if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || isSpace(byte)) {
        return at;
      }
    }
    return chunk.length;
  }

  function* end(): Generator<Piece> {
    if (state === 'end' || state === 'broken') return;
    const code = state === 'start' ? 'ERR_BODY_EMPTY' : 'ERR_JSON_INVALID';
    const detail = state === 'start' ? undefined : 'The body ends before the array does.';
    state = 'broken';
    yield { kind: 'break', problem: new ProblemException(code, detail) };
  }

  return { push, end };
}

/** Tells where a byte outside of an item, white space excepted, leads. */
function follow(state: Exclude<State, 'item' | 'broken'>, byte: number): State {
  if (state === 'start') return byte === OPEN_ARRAY ? 'first' : 'broken';
  if (state === 'end') return 'broken';
  if (byte === CLOSE_ARRAY) return state === 'next' ? 'broken' : 'end';
  if (state === 'behind') return byte === COMMA ? 'next' : 'broken';
  return byte === COMMA || byte === COLON || byte === CLOSE_OBJECT ? 'broken' : 'item';
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function toBreak(offset: number, byte: number): Piece {
  const detail = describeBreak(offset, byte);
  return { kind: 'break', problem: new ProblemException('ERR_JSON_INVALID', detail) };
}

function describeBreak(offset: number, byte: number): string {
  if (offset > 0) return `The array breaks off at byte ${offset}.`;
  return byte === BYTE_ORDER_MARK
    ? 'The body begins with a byte order mark.'
    : 'The body must be a JSON array of events.';
}
