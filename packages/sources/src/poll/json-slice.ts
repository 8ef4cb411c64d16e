import type { PayloadPath } from '@sluice/normalizer/payload-path';

/*
 * Finds values in JSON text without changing a byte of them, where parsing and writing again would lose digits of
 * large numbers. The text must have been accepted by JSON.parse before; that is what keeps this short.
 */

/** Returns the text of the value at a path, or undefined; of a repeated key the last, as JSON.parse does. */
export function sliceAt(text: string, { steps }: PayloadPath): string | undefined {
  let start = skipSpace(text, 0);
  for (const { key, index } of steps) {
    const found = text[start] === '[' ? findItem(text, start, index) : findMember(text, start, key);
    if (found === undefined) return undefined;
    start = found;
  }
  return text.slice(start, skipValue(text, start));
}

/** Returns the text of a member of an object, or undefined; of a repeated key the last. */
export function sliceMember(text: string, key: string): string | undefined {
  const start = findMember(text, skipSpace(text, 0), key);
  return start === undefined ? undefined : text.slice(start, skipValue(text, start));
}

/** Returns the texts of the items of an array. */
export function sliceItems(text: string): string[] {
  return [...listItems(text, skipSpace(text, 0))].map((start) => text.slice(start, skipValue(text, start)));
}

function findItem(text: string, start: number, wanted: number): number | undefined {
  let index = 0;
  for (const item of listItems(text, start)) {
    if (index === wanted) return item;
    index += 1;
  }
  return undefined;
}

function findMember(text: string, start: number, key: string): number | undefined {
  if (text[start] !== '{') return undefined;
  let found: number | undefined;
  let at = skipSpace(text, start + 1);
  while (text[at] !== '}') {
    const nameEnd = skipString(text, at);
    const value = skipSpace(text, skipSpace(text, nameEnd) + 1);
    if (JSON.parse(text.slice(at, nameEnd)) === key) found = value;
    at = skipSpace(text, skipValue(text, value));
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return found;
}

function* listItems(text: string, start: number): Generator<number> {
  let at = skipSpace(text, start + 1);
  while (text[at] !== ']') {
    yield at;
    at = skipSpace(text, skipValue(text, at));
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
}

/** Returns the offset behind the value that begins at `start`; nesting is counted, not recursed into. */
function skipValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return skipString(text, start);
  if (first !== '{' && first !== '[') {
    let at = start;
    while (at < text.length && !/[\s,\]}]/.test(text[at] ?? '')) at += 1;
    return at;
  }
  let depth = 0;
  let at = start;
  do {
    const char = text[at];
    if (char === '"') {
      at = skipString(text, at);
      continue;
    }
    if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    at += 1;
  } while (depth > 0);
  return at;
}

function skipString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return at;
}
