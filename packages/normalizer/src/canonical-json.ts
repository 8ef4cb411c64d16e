import type { JsonObject, JsonValue } from '@sluice/contracts/json';

/**
 * Writes a value as canonical JSON (RFC 8785): keys sorted by UTF-16 code units, numbers as ECMAScript writes
 * them, no white space. Recursive: the caller has bounded the depth.
 *
 * @throws TypeError for a number that is not finite, a lone surrogate, or something that is not JSON
 */
export function canonicalize(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical JSON.`);
      return `${value}`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? canonicalizeArray(value) : canonicalizeObject(value);
    default:
      throw new TypeError(`A value of type ${typeof value} has no canonical JSON.`);
  }
}

function canonicalizeArray(values: readonly JsonValue[]): string {
  let text = '[';
  for (let index = 0; index < values.length; index++) {
    if (index > 0) text += ',';
    text += canonicalize(values[index] as JsonValue);
  }
  return `${text}]`;
}

function canonicalizeObject(object: JsonObject): string {
  const keys = sortKeys(Object.keys(object));
  let text = '{';
  for (const key of keys) {
    if (text.length > 1) text += ',';
    text += `${quote(key)}:${canonicalize(object[key] as JsonValue)}`;
  }
  return `${text}}`;
}

/** Longer lists are sorted by the engine, which takes a while to begin. */
const FEW_KEYS = 16;

/** Sorts by UTF-16 code units, in place: that is how `<` and a sort without a comparator order strings. */
function sortKeys(keys: string[]): string[] {
  if (keys.length > FEW_KEYS) return keys.sort();
  for (let next = 1; next < keys.length; next++) {
    const key = keys[next] as string;
    let place = next;
    for (; place > 0 && (keys[place - 1] as string) > key; place--) keys[place] = keys[place - 1] as string;
    keys[place] = key;
  }
  return keys;
}

/** Anything but characters that stand for themselves: what JSON must escape, and surrogates, which need a pair. */
const NEEDS_CARE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

function quote(text: string): string {
  if (!NEEDS_CARE.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError('A lone surrogate has no canonical JSON.');
  return JSON.stringify(text);
}
