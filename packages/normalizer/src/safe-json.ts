import { isUtf8 } from 'node:buffer';
import { type ProblemCode, ProblemException } from '@sluice/contracts/errors';
import type { JsonObject, JsonValue } from '@sluice/contracts/json';
import { toPointer } from './json-pointer.ts';
import { findJsonError } from './json-position.ts';
import { scanJson } from './scan-json.ts';

/** How many objects and arrays may stand inside one another. */
export const MAX_JSON_DEPTH = 64;

/** Longer texts are checked for depth before parsing: a megabyte of `[` would hold the process for 300 ms. */
const SCAN_FIRST_LENGTH = 4096;

/** Finds every number that might not survive a round trip (16 characters or an exponent), and some that do. */
const RISKY_NUMBER = /(?:^|[:,[\s])-?(?:[\d.]{16}|[\d.]+[eE])/;

/** Parsed JSON; `exact` is false when a number in it does not survive a round trip through a double. */
export type SafeJson = { readonly value: JsonValue; readonly exact: boolean };

type Fault = { readonly code: ProblemCode; readonly detail: string; readonly path: (string | number)[] };

/**
 * Decodes UTF-8 strictly. A byte order mark is kept, so that the text stands for exactly these bytes.
 *
 * @throws ProblemException ERR_UNICODE_INVALID
 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new ProblemException('ERR_UNICODE_INVALID', 'The bytes are not UTF-8.');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/**
 * Parses JSON received from strangers. Refuses more than 64 levels of nesting, lone surrogates, and keys that are
 * dangerous further on: those that begin with `$`, hold NUL, are `__proto__`, or are `constructor` holding an
 * object with a `prototype`. Of a repeated key the last value counts, as for `JSON.parse`. `errors` points at the
 * place; details never quote the text.
 *
 * @throws ProblemException ERR_JSON_INVALID, ERR_JSON_TOO_DEEP, ERR_UNSAFE_KEY, ERR_UNICODE_INVALID
 */
export function parseSafeJson(text: string): SafeJson {
  let exact = true;
  if (text.length > SCAN_FIRST_LENGTH || RISKY_NUMBER.test(text)) {
    const scan = scanJson(text, MAX_JSON_DEPTH);
    if (scan.tooDeep) throw toTooDeep();
    exact = scan.exact;
  }
  const value = parse(text);
  // Without an escape there is neither NUL nor, in text that was UTF-8, half a surrogate pair.
  const fault = findFault(value, 0, text.includes('\\u') || !text.isWellFormed());
  if (fault !== undefined) throw toProblem(fault);
  return { value, exact };
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw toSyntaxProblem(text, cause);
  }
}

/** Walks at most 65 levels; builds the path only on the way back from a fault. */
function findFault(value: JsonValue, depth: number, escapes: boolean): Fault | undefined {
  if (typeof value === 'string') {
    return escapes && !value.isWellFormed()
      ? toFault('ERR_UNICODE_INVALID', 'holds a lone surrogate')
      : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_JSON_DEPTH)
    return toFault('ERR_JSON_TOO_DEEP', `is nested deeper than ${MAX_JSON_DEPTH} levels`);
  return Array.isArray(value)
    ? findFaultInArray(value, depth + 1, escapes)
    : findFaultInObject(value, depth + 1, escapes);
}

function findFaultInArray(values: JsonValue[], depth: number, escapes: boolean): Fault | undefined {
  for (let index = 0; index < values.length; index++) {
    const fault = findFault(values[index] as JsonValue, depth, escapes);
    if (fault !== undefined) {
      fault.path.push(index);
      return fault;
    }
  }
  return undefined;
}

function findFaultInObject(object: JsonObject, depth: number, escapes: boolean): Fault | undefined {
  // What JSON.parse returns inherits nothing enumerable, and for-in allocates no array of keys.
  for (const key in object) {
    const value = object[key] as JsonValue;
    const fault = findFaultInKey(key, value, escapes) ?? findFault(value, depth, escapes);
    if (fault !== undefined) {
      fault.path.push(key);
      return fault;
    }
  }
  return undefined;
}

function findFaultInKey(key: string, value: JsonValue, escapes: boolean): Fault | undefined {
  if (key.charCodeAt(0) === 0x24) return toFault('ERR_UNSAFE_KEY', 'the key begins with `$`');
  if (key === '__proto__') return toFault('ERR_UNSAFE_KEY', 'the key is `__proto__`');
  if (
    key === 'constructor' &&
    typeof value === 'object' &&
    value !== null &&
    Object.hasOwn(value, 'prototype')
  ) {
    return toFault('ERR_UNSAFE_KEY', 'the key is `constructor` and holds a `prototype`');
  }
  if (!escapes) return undefined;
  if (key.includes('\0')) return toFault('ERR_UNSAFE_KEY', 'the key holds NUL');
  return key.isWellFormed() ? undefined : toFault('ERR_UNICODE_INVALID', 'the key holds a lone surrogate');
}

function toFault(code: ProblemCode, detail: string): Fault {
  return { code, detail, path: [] };
}

function toProblem({ code, detail, path }: Fault): ProblemException {
  return new ProblemException(code, undefined, { errors: [{ pointer: toPointer(path.reverse()), detail }] });
}

function toTooDeep(): ProblemException {
  return toProblem(toFault('ERR_JSON_TOO_DEEP', `is nested deeper than ${MAX_JSON_DEPTH} levels`));
}

function toSyntaxProblem(text: string, cause: unknown): ProblemException {
  const message = cause instanceof Error ? cause.message : '';
  const place = findJsonError(text, message);
  const where = place === null ? '' : ` at line ${place.line}, column ${place.column}`;
  const what = text.startsWith('\uFEFF')
    ? 'The body begins with a byte order mark'
    : `JSON parsing stopped${where}`;
  return new ProblemException('ERR_JSON_INVALID', `${what}.`, {
    errors: [{ pointer: '', detail: `not valid JSON${where}` }],
  });
}
