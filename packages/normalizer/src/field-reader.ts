import type { JsonValue } from '@sluice/contracts/json';
import type { FieldKind, MappedField } from '@sluice/contracts/mapping';
import { coerceBoolean } from './coerce-boolean.ts';
import { coerceNumber, type DeclaredNumber, toNumberGuesses } from './coerce-number.ts';
import { createTimeReader } from './declared-time.ts';
import type { ReadValue } from './read-value.ts';
import { toNumberText, toRoundedGuesses } from './rounded-number.ts';
import { parseTimeFormat, type TimeFormat } from './time-format.ts';
import { parseTimeZone, type TimeZone } from './time-zone.ts';
import { type Guess, isRounded } from './warnings.ts';

/** Reads a value as a field's kind; null when it is not readable as that. Never called with null. */
export type FieldReader = (value: JsonValue) => ReadValue | null;

/** Something in a mapping that its schema cannot tell; `path` is relative to the field. */
export type FieldProblem = { readonly path: readonly (string | number)[]; readonly detail: string };

const NO_GUESSES: readonly Guess[] = [];

/** Creates the reader of a mapped field; its formats and zone are checked and parsed here, once. */
export function createFieldReader(field: MappedField): FieldReader | FieldProblem {
  switch (field.as) {
    case 'any':
      return (value) => ({ value, guesses: toRoundedGuesses(value) });
    case 'string':
      return readString;
    case 'boolean':
      return coerceBoolean;
    case 'number':
      return toNumberReader(toDeclared(field));
    case 'integer':
      return toIntegerReader(toDeclared(field));
    case 'date':
      return toDateReader(field);
  }
}

const EXPECTED: Readonly<Record<FieldKind, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number that can be kept exactly',
  boolean: 'a boolean',
  date: 'a time',
  any: 'JSON',
};

/** Says what is expected of a field, with what the mapping declares of it. */
export function toExpected({ as, decimal, formats = [] }: MappedField): string {
  if (decimal !== undefined) return `${EXPECTED[as]} with \`${decimal}\` before decimals`;
  return formats.length === 0 ? EXPECTED[as] : `${EXPECTED[as]} written as ${formats.join(' or ')}`;
}

/** Tells a problem from a reader. */
export function isFieldProblem(result: FieldReader | FieldProblem): result is FieldProblem {
  return typeof result !== 'function';
}

function readString(value: JsonValue): ReadValue | null {
  switch (typeof value) {
    case 'string': {
      if (!value.isWellFormed()) return null;
      const trimmed = value.trim();
      return trimmed === value
        ? { value, guesses: NO_GUESSES }
        : { value: trimmed, conversion: 'trimmed', guesses: NO_GUESSES };
    }
    case 'number':
      return Number.isFinite(value) ? toNumberText(value) : null;
    case 'boolean':
      return { value: String(value), conversion: 'boolean to string', guesses: NO_GUESSES };
    default:
      return null;
  }
}

function toDeclared({ decimal }: MappedField): DeclaredNumber {
  return decimal === undefined ? {} : { decimal };
}

function toNumberReader(declared: DeclaredNumber): FieldReader {
  return (value) => {
    const read = coerceNumber(value, declared);
    return read?.currency === undefined ? read : { ...read, guesses: toNumberGuesses(read) };
  };
}

function toIntegerReader(declared: DeclaredNumber): FieldReader {
  return (value) => {
    const read = coerceNumber(value, declared);
    if (read === null || isRounded(read.guesses) || !Number.isSafeInteger(read.value)) return null;
    return read.currency === undefined ? read : { ...read, guesses: toNumberGuesses(read) };
  };
}

function toDateReader({ formats = [], zone }: MappedField): FieldReader | FieldProblem {
  let declaredZone: TimeZone | undefined;
  if (zone !== undefined) {
    const parsed = parseTimeZone(zone);
    if (parsed === null) {
      const detail = 'there is no such time zone; expected one like Europe/Berlin, or an offset like +02:00';
      return { path: ['zone'], detail };
    }
    declaredZone = parsed;
  }
  const declaredFormats: TimeFormat[] = [];
  for (const [index, format] of formats.entries()) {
    const parsed = parseTimeFormat(format);
    if ('problem' in parsed) return { path: ['formats', index], detail: parsed.problem };
    declaredFormats.push(parsed);
  }
  return createTimeReader(declaredFormats, declaredZone);
}
