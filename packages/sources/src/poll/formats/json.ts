import type { JsonValue } from '@sluice/contracts/json';
import { findValue } from '@sluice/normalizer/payload-path';
import { sliceAt, sliceItems } from '../json-slice.ts';
import { toPath } from '../record-field.ts';
import { AnswerError, MAX_RECORDS, type ReadItems, toTooMany } from './item.ts';

/** The most values that an answer may hold, about: an honest one has fewer, and each takes 50 bytes of memory or more. */
const MAX_VALUES = 3_000_000;

/** Reads a JSON answer: the array at `recordsPath`, each item with its own bytes. Its brackets tell when it was cut. */
export const readJson: ReadItems = (text, { recordsPath, cursor }) => {
  const answer = parseAnswer(text);
  const path = recordsPath === '' ? null : toPath(recordsPath);
  const place = path === null ? 'The answer' : `${recordsPath} in the answer`;
  const found = path === null ? answer : findValue(answer, path);
  if (found === undefined) throw new AnswerError(`${place} is missing.`);
  if (!Array.isArray(found)) throw new AnswerError(`${place} is not an array.`);
  if (found.length > MAX_RECORDS) throw toTooMany();
  const bodies = sliceItems((path === null ? text : sliceAt(text, path)) ?? '[]');
  const items = found.map((value, index) => ({ value, body: bodies[index] ?? JSON.stringify(value) }));
  if (cursor.kind !== 'link' || cursor.path === undefined) return { items };
  const next = findValue(answer, toPath(cursor.path)) ?? null;
  if (next !== null && typeof next !== 'string') throw new AnswerError(`${cursor.path} is not an address.`);
  return next === null || next === '' ? { items } : { items, next };
};

function parseAnswer(text: string): JsonValue {
  assertFewValues(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AnswerError('The answer is not valid JSON.', { cause: error });
  }
}

/** Counted by their commas, before memory is taken for them: what holds so many could end the process. */
function assertFewValues(text: string): void {
  let count = 0;
  for (let at = text.indexOf(','); at !== -1; at = text.indexOf(',', at + 1)) {
    count += 1;
    if (count > MAX_VALUES) throw new AnswerError(`The answer holds more than ${MAX_VALUES} values.`);
  }
}
