import { isJsonObject, type JsonValue } from '@sluice/contracts/json';
import { formatCount } from '../../ui/numbers.ts';

/** How long a value may be on its line, and how deep values are walked into. */
const MAX_VALUE = 2000;
const MAX_DEPTH = 100;

/** A line of text; `pointer` is the JSON pointer of the value that begins on it, null where none does. */
export type TextLine = { readonly depth: number; readonly text: string; readonly pointer: string | null };

/** Writes JSON line by line, each with the JSON pointer (RFC 6901) of the value that begins on it. */
export function toLines(value: JsonValue): readonly TextLine[] {
  const lines: TextLine[] = [];
  walk(value, '', '', 0, '');
  return lines;

  function walk(node: JsonValue, pointer: string, name: string, depth: number, comma: string): void {
    const isArray = Array.isArray(node);
    if (!isArray && !isJsonObject(node)) {
      lines.push({ depth, text: `${name}${cut(JSON.stringify(node))}${comma}`, pointer });
      return;
    }
    const entries: readonly (readonly [string, JsonValue])[] = isArray
      ? node.map((item, index) => [String(index), item] as const)
      : Object.entries(node);
    const [open, close] = isArray ? ['[', ']'] : ['{', '}'];
    if (entries.length === 0 || depth >= MAX_DEPTH) {
      const inner = entries.length === 0 ? '' : ` … nested deeper than ${MAX_DEPTH} levels … `;
      lines.push({ depth, text: `${name}${open}${inner}${close}${comma}`, pointer });
      return;
    }
    lines.push({ depth, text: `${name}${open}`, pointer });
    entries.forEach(([key, item], index) => {
      const isLast = index === entries.length - 1;
      const label = isArray ? '' : `${cut(JSON.stringify(key))}: `;
      walk(item, `${pointer}${toPointerStep(key)}`, label, depth + 1, isLast ? '' : ',');
    });
    lines.push({ depth, text: `${close}${comma}`, pointer: null });
  }
}

/** Cuts a text that is no JSON into lines that can be shown. */
export function toTextLines(text: string): readonly TextLine[] {
  return text.split(/\r\n|\r|\n/).flatMap((line) => {
    const parts = line.length <= MAX_VALUE ? [line] : (line.match(/[\s\S]{1,2000}/g) ?? [line]);
    return parts.map((part) => ({ depth: 0, text: part, pointer: null }));
  });
}

/** A string, or a number: digits in a string are none. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Tells whether JSON has numbers that would not be written as they came: of more digits than a number holds, or like `1.50`. */
export function hasOtherNumbers(json: string): boolean {
  for (const [token] of json.matchAll(TOKEN)) {
    if (!token.startsWith('"') && String(Number(token)) !== token) return true;
  }
  return false;
}

/** Writes a key as one step of a JSON pointer. */
function toPointerStep(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Returns the pointers of all values that hold no others. */
export function toLeaves(value: JsonValue): readonly string[] {
  const lines = toLines(value);
  return lines.flatMap(({ pointer, text }) =>
    pointer === null || text.endsWith('{') || text.endsWith('[') ? [] : [pointer],
  );
}

function cut(text: string): string {
  return text.length > MAX_VALUE
    ? `${text.slice(0, MAX_VALUE)}… (${formatCount(text.length)} characters)`
    : text;
}
