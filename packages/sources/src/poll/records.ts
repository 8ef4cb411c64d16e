import { createHash } from 'node:crypto';
import type { JsonValue } from '@sluice/contracts/json';
import type { CursorValue } from '@sluice/contracts/poll';
import type { PollSource } from '@sluice/contracts/source';
import { parseCursorValue } from './cursor-value.ts';
import type { AnswerShape, Item } from './formats/item.ts';
import { FORMATS } from './formats/registry.ts';
import { readPath } from './json-path.ts';
import { sliceAt } from './json-slice.ts';

/** A record as the source sent it. */
export type PolledRecord = {
  readonly id: string;
  /** What changes when the record does: its version, else its cursor value; undefined when it has neither. */
  readonly version: string | undefined;
  /** The value at the cursor's path as it was written; undefined where there is none. */
  readonly position: string | undefined;
  /** The record's own JSON: byte for byte, of CSV the object made of the row. */
  readonly body: string;
};

/** A record that cannot be taken; `index` counts from 0 within the page. */
type RecordProblem = { readonly index: number; readonly detail: string };

/** What an answer holds. */
export type Page = {
  readonly records: readonly PolledRecord[];
  readonly problems: readonly RecordProblem[];
  /** How many records the source sent, those that cannot be taken included. */
  readonly count: number;
  /** The latest time at the cursor's path; null when no record has one, or the cursor is no timestamp. */
  readonly highest: CursorValue | null;
  /** The next address that the answer itself names. */
  readonly next: string | undefined;
  /** The same for two pages that hold the same records. */
  readonly fingerprint: string;
  /** Names the first and the last record. */
  readonly edges: readonly [string, string] | null;
  /** The names of all records. */
  readonly names: ReadonlySet<string>;
};

/** An answer without records. */
export const EMPTY_PAGE: Page = {
  ...{ records: [], problems: [], count: 0, highest: null, next: undefined, fingerprint: '' },
  ...{ edges: null, names: new Set() },
};

type RecordShape = AnswerShape & Pick<PollSource, 'versionPath'>;

/**
 * Reads the records of an answer. Records that cannot be read or have no id are listed as problems, the others are
 * still taken. `isWhole` is false when nothing but the end of the connection told where the answer ends.
 *
 * @throws AnswerError when the answer cannot be read as a whole, or was cut
 */
export function readRecords(text: string, source: RecordShape, isWhole = true): Page {
  const { items, next } = FORMATS[source.format](text, source, isWhole);
  const records: PolledRecord[] = [];
  const problems: RecordProblem[] = [];
  const names: string[] = [];
  let highest: CursorValue | null = null;
  for (const [index, item] of items.entries()) {
    const record = 'problem' in item ? item.problem : toRecord(item, source);
    if (typeof record === 'string') {
      problems.push({ index, detail: record });
      names.push(toName(item.body));
      continue;
    }
    highest = toHigher(highest, readTime(item, source));
    records.push(record);
    names.push(toName(`${record.id}@${record.version ?? ''}`));
  }
  const [first, last] = [names.at(0), names.at(-1)];
  return {
    ...{ records, problems, count: items.length, highest, next },
    fingerprint: toName(items.map(({ body }) => body).join('\n')),
    edges: first === undefined || last === undefined ? null : [first, last],
    names: new Set(names),
  };
}

/** Returns the later of two values; of equal ones the second, so that the form follows the source. */
export function toHigher(left: CursorValue | null, right: CursorValue | null): CursorValue | null {
  if (left === null || right === null) return left ?? right;
  return left.atMs > right.atMs ? left : right;
}

function readTime(item: Item, source: RecordShape): CursorValue | null {
  if (source.cursor.kind !== 'timestamp' || 'problem' in item) return null;
  return parseCursorValue(readField(item.value, source.cursor.path, source)) ?? null;
}

/** Reads a record, or says why it cannot be taken. */
function toRecord(
  item: { readonly value: JsonValue; readonly body: string },
  source: RecordShape,
): PolledRecord | string {
  const { cursor, idPath, versionPath } = source;
  const id = readText(item, idPath, source);
  if (id === undefined || id === '') return `no id at ${idPath}`;
  const path = cursor.kind === 'timestamp' || cursor.kind === 'id' ? cursor.path : undefined;
  const position = path === undefined ? undefined : readText(item, path, source);
  // An id says nothing of a change of its record; then the content hash stands in.
  const changing = path === idPath ? undefined : position;
  const version = (versionPath === undefined ? undefined : readText(item, versionPath, source)) ?? changing;
  return { id, version, position, body: item.body };
}

/** Reads an id or a version as text; a number by its own digits, because a large one is not exact once parsed. */
function readText(
  { value, body }: { readonly value: JsonValue; readonly body: string },
  path: string,
  shape: Pick<AnswerShape, 'format'>,
): string | undefined {
  const found = readField(value, path, shape);
  if (typeof found === 'number') return sliceAt(body, path);
  if (typeof found === 'boolean') return String(found);
  return typeof found === 'string' ? found : undefined;
}

/** Reads a value by its path; of CSV by the name of its column, in which a dot is a dot. */
function readField(
  value: JsonValue,
  path: string,
  { format }: Pick<AnswerShape, 'format'>,
): JsonValue | undefined {
  if (format !== 'csv') return readPath(value, path);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, path) ? value[path] : undefined;
}

function toName(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
