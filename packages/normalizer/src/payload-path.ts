import type { JsonValue } from '@sluice/contracts/json';
import { toPointerStep } from './json-pointer.ts';

/** A parsed path into payloads. */
export type PayloadPath = {
  /** The RFC 6901 JSON pointer of the same place. */
  readonly pointer: string;
  readonly steps: readonly PathStep[];
};

/** A key of objects, which also is an index of arrays when it is written like one. */
type PathStep = { readonly key: string; readonly index: number };

const NO_INDEX = -1;

/**
 * Parses a dot path (`price.gross`, `lines.0.sku`). `\.` is a dot in a key and `\\` a backslash. Null when a step
 * is empty or a backslash stands before anything else.
 */
export function parsePath(path: string): PayloadPath | null {
  const keys = [''];
  for (let at = 0; at < path.length; at++) {
    const last = keys.length - 1;
    let character = path.charAt(at);
    if (character === '.') {
      keys.push('');
      continue;
    }
    if (character === '\\') {
      character = path.charAt(++at);
      if (character !== '.' && character !== '\\') return null;
    }
    keys[last] += character;
  }
  if (keys.includes('')) return null;
  return {
    pointer: keys.map(toPointerStep).join(''),
    steps: keys.map((key) => ({ key, index: /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : NO_INDEX })),
  };
}

/** Returns what stands at a path, undefined when nothing does. What objects inherit is not there. */
export function findValue(payload: JsonValue, { steps }: PayloadPath): JsonValue | undefined {
  let value: JsonValue | undefined = payload;
  for (const { key, index } of steps) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) {
      if (index === NO_INDEX) return undefined;
      value = value[index];
    } else {
      if (!Object.hasOwn(value, key)) return undefined;
      value = value[key];
    }
  }
  return value;
}
