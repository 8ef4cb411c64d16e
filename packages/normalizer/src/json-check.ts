import { toPointer } from './json-pointer.ts';

/** Why a value is not JSON that can be kept; `pointer` says where. */
export type JsonFault = { readonly pointer: string; readonly detail: string };

type Fault = { readonly detail: string; readonly path: (string | number)[] };

/**
 * Looks for what JSON cannot carry or a store cannot keep in a value that code made: undefined, functions, class
 * instances, numbers that are not finite, lone surrogates, keys that begin with `$`, hold NUL or are `__proto__`,
 * and nesting deeper than `maxDepth` (a circle is that). Null when there is no such thing.
 */
export function findJsonFault(value: unknown, maxDepth: number): JsonFault | null {
  const fault = findFault(value, maxDepth);
  return fault && { pointer: toPointer(fault.path.reverse()), detail: fault.detail };
}

function findFault(value: unknown, depth: number): Fault | null {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? null : toFault('holds a lone surrogate');
    case 'number':
      return Number.isFinite(value) ? null : toFault('is not a finite number');
    case 'boolean':
      return null;
    case 'object':
      if (value === null) return null;
      if (depth === 0) return toFault('is nested too deeply');
      return Array.isArray(value) ? findFaultInArray(value, depth - 1) : findFaultInObject(value, depth - 1);
    default:
      return toFault(`is ${typeof value}`);
  }
}

function findFaultInArray(values: readonly unknown[], depth: number): Fault | null {
  for (let index = 0; index < values.length; index++) {
    const fault = findFault(values[index], depth);
    if (fault !== null) return under(index, fault);
  }
  return null;
}

function findFaultInObject(object: object, depth: number): Fault | null {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return toFault('is no plain object');
  for (const [key, value] of Object.entries(object)) {
    const fault = isSafeKey(key) ? findFault(value, depth) : toFault('has a key that is not allowed');
    if (fault !== null) return under(key, fault);
  }
  return null;
}

function isSafeKey(key: string): boolean {
  return !key.startsWith('$') && !key.includes('\0') && key !== '__proto__' && key.isWellFormed();
}

function toFault(detail: string): Fault {
  return { detail, path: [] };
}

function under(key: string | number, fault: Fault): Fault {
  fault.path.push(key);
  return fault;
}
