import type { JsonValue } from '@sluice/contracts/json';

/** Splits a dot path like `data.items.0.id`; the empty path is the value itself. */
export function splitPath(path: string): readonly string[] {
  return path === '' ? [] : path.split('.');
}

/**
 * Reads a value by a dot path; a number names an item of an array. Returns undefined where there is none: only what
 * the JSON itself holds is found, never what objects inherit.
 */
export function readPath(value: JsonValue, path: string): JsonValue | undefined {
  let current: JsonValue | undefined = value;
  for (const key of splitPath(path)) {
    if (Array.isArray(current)) current = /^\d+$/.test(key) ? current[Number(key)] : undefined;
    else if (typeof current === 'object' && current !== null && Object.hasOwn(current, key))
      current = current[key];
    else return undefined;
  }
  return current;
}
