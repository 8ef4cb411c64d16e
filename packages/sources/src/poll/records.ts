import { createHash } from 'node:crypto';
import type { JsonValue } from '@sluice/contracts/json';
import type { CursorValue } from '@sluice/contracts/poll';
import type { PollSource } from '@sluice/contracts/source';
import { toHigher } from './cursor.ts';
import { parseCursorValue } from './cursor-value.ts';
import { readPath } from './json-path.ts';
import { sliceAt, sliceItems } from './json-slice.ts';

/** A record as the source sent it. */
export type PolledRecord = {
  readonly id: string;
  /** What changes when the record does: its version, else its cursor value; undefined when it has neither. */
  readonly version: string | undefined;
  readonly cursor: CursorValue | undefined;
  /** The record's own JSON, byte for byte. */
  readonly body: string;
};

/** A record that cannot be taken; `index` counts from 0 within the page. */
export type RecordProblem = { readonly index: number; readonly detail: string };

/** What an answer holds. */
export type Page = {
  readonly records: readonly PolledRecord[];
  readonly problems: readonly RecordProblem[];
  readonly highest: CursorValue | null;
  readonly fingerprint: string;
};

/** Thrown when an answer is not what the source's declaration says; the page counts as not read. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

/**
 * Reads the records of an answer. Records without an id are listed as problems, the others are still taken.
 *
 * @throws AnswerError when the answer is not JSON, or has no array at `recordsPath`
 */
export function readRecords(
  text: string,
  source: Pick<PollSource, 'recordsPath' | 'idPath' | 'versionPath' | 'cursor'>,
): Page {
  const place = source.recordsPath === '' ? 'The answer' : `${source.recordsPath} in the answer`;
  const items = readPath(parseAnswer(text), source.recordsPath);
  if (items === undefined) throw new AnswerError(`${place} is missing.`);
  if (!Array.isArray(items)) throw new AnswerError(`${place} is not an array.`);
  const bodies = sliceItems(sliceAt(text, source.recordsPath) ?? '[]');
  const records: PolledRecord[] = [];
  const problems: RecordProblem[] = [];
  let highest: CursorValue | null = null;
  items.forEach((item: JsonValue, index) => {
    const body = bodies[index] ?? JSON.stringify(item);
    const id = readText(item, body, source.idPath);
    if (id === undefined || id === '') {
      problems.push({ index, detail: `no id at ${source.idPath}` });
      return;
    }
    const cursor = parseCursorValue(readPath(item, source.cursor.path));
    const version =
      (source.versionPath === undefined ? undefined : readText(item, body, source.versionPath)) ??
      readText(item, body, source.cursor.path);
    highest = toHigher(highest, cursor ?? null);
    records.push({ id, version, cursor, body });
  });
  const fingerprint = createHash('sha256').update(bodies.join('\n')).digest('hex').slice(0, 32);
  return { records, problems, highest, fingerprint };
}

function parseAnswer(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AnswerError('The answer is not valid JSON.', { cause: error });
  }
}

/** Reads an id or a version as text; a number by its own digits, because a large one is not exact once parsed. */
function readText(item: JsonValue, body: string, path: string): string | undefined {
  const value = readPath(item, path);
  if (typeof value === 'number') return sliceAt(body, path);
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : undefined;
}
