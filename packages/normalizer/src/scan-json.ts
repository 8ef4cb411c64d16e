import { isExactNumber } from './exact-number.ts';

/** What a scan of JSON text found, before or beside parsing it. */
export type JsonScan = {
  /** More levels than allowed are open at some place; the scan stopped there. */
  readonly tooDeep: boolean;
  /** Every number token survives a round trip through a double. */
  readonly exact: boolean;
};

/**
 * Scans JSON text once, without allocating, for its depth and for numbers that a double cannot hold. The answer
 * is meaningful for valid JSON and harmless for anything else.
 */
export function scanJson(text: string, maxDepth: number): JsonScan {
  let depth = 0;
  let exact = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = findStringEnd(text, at);
      if (at < 0) break;
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) return { tooDeep: true, exact };
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    } else if (exact && (code === 0x2d || isDigit(code))) {
      const end = findNumberEnd(text, at);
      exact = isExactNumber(text.slice(at, end));
      at = end - 1;
    }
  }
  return { tooDeep: false, exact };
}

/** Returns the index of the quote that ends the string which begins at `start`, -1 when none does. */
export function findStringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}

/** Returns the index after the number token that begins at `start`. */
export function findNumberEnd(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    const inNumber =
      isDigit(code) || code === 0x2e || code === 0x2b || code === 0x2d || code === 0x65 || code === 0x45;
    if (!inNumber) break;
    end++;
  }
  return end;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
