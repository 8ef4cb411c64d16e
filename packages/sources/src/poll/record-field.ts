import type { JsonValue } from '@sluice/contracts/json';
import type { PollSource } from '@sluice/contracts/source';
import { findValue, type PayloadPath, parsePath } from '@sluice/normalizer/payload-path';
import { AnswerError } from './formats/item.ts';
import { sliceAt } from './json-slice.ts';

/** A value that every record of a source may hold. */
export type RecordField = {
  /** Returns the value; undefined where there is none. */
  find(record: JsonValue): JsonValue | undefined;
  /** Returns it as text, undefined where it is none: a number by its own digits, because a large one is not exact. */
  findText(record: { readonly value: JsonValue; readonly body: string }): string | undefined;
};

/**
 * Parses a path that a source declares.
 *
 * @throws AnswerError when it is none, which a checked declaration never has
 */
export function toPath(path: string): PayloadPath {
  const parsed = parsePath(path);
  if (parsed === null) throw new AnswerError(`The declared path ${path} cannot be read.`);
  return parsed;
}

/**
 * Creates the field of records at a path; of CSV at a column, in whose name a dot is a dot.
 *
 * @throws AnswerError when the path cannot be read
 */
export function createRecordField(path: string, format: PollSource['format']): RecordField {
  const place = toPath(format === 'csv' ? path.replace(/[.\\]/g, '\\$&') : path);
  const find = (record: JsonValue) => findValue(record, place);
  return {
    find,
    findText({ value, body }) {
      const found = find(value);
      if (typeof found === 'number') return sliceAt(body, place);
      if (typeof found === 'boolean') return String(found);
      return typeof found === 'string' ? found : undefined;
    },
  };
}
