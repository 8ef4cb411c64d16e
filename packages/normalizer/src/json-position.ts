import { findNumberEnd, findStringEnd } from './scan-json.ts';

/** A place in a text: both from 1. */
export type TextPosition = { readonly line: number; readonly column: number };

/**
 * Finds where `JSON.parse` gave up: from its message where that names the offset, else by looking for the first
 * thing that is no token, or no value where one must stand. Null when neither tells.
 */
export function findJsonError(text: string, message: string): TextPosition | null {
  const named = /at position (\d+)/.exec(message)?.[1];
  if (named !== undefined) return toPosition(text, Number(named));
  if (message.startsWith('Unexpected end')) return toPosition(text, text.length);
  const offset = findBadToken(text);
  return offset === null ? null : toPosition(text, offset);
}

function toPosition(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

const LITERALS = ['true', 'false', 'null'];
const NEEDS_VALUE_AFTER = [undefined, ':', ',', '['];

function findBadToken(text: string): number | null {
  let previous: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (' \t\r\n'.includes(char)) continue;
    if (',:]}'.includes(char)) {
      const emptyArray = char === ']' && previous === '[';
      if (NEEDS_VALUE_AFTER.includes(previous) && !emptyArray) return at;
    } else if (char === '"') {
      at = findStringEnd(text, at);
      if (at < 0) return null;
    } else if (/[-0-9]/.test(char)) {
      at = findNumberEnd(text, at) - 1;
    } else if (!'[{'.includes(char)) {
      const literal = LITERALS.find((word) => text.startsWith(word, at));
      if (literal === undefined) return at;
      at += literal.length - 1;
    }
    previous = char;
  }
  return null;
}
