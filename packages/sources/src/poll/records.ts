import { createHash } from 'node:crypto';
import type { JsonValue } from '@sluice/contracts/json';
import type { CursorValue } from '@sluice/contracts/poll';
import { parseCursorValue } from './cursor-value.ts';
import type { AnswerShape } from './formats/item.ts';
import { FORMATS } from './formats/registry.ts';
import { createRecordField, type RecordField } from './record-field.ts';
import { writeLike } from './time-pattern.ts';

/** A record as the source sent it. */
export type PolledRecord = {
  readonly id: string;
  /** What changes when the record does: its version, else its cursor value; undefined when it has neither. */
  readonly version: string | undefined;
  /** The value at the cursor's path as it was written; undefined where there is none. */
  readonly position: string | undefined;
  /** The time that it says; null when it says none, or the cursor is no timestamp. */
  readonly at: CursorValue | null;
  /** The record's own JSON: byte for byte, of CSV the object made of the row. */
  readonly body: string;
};

/** A record that cannot be taken, as it was sent; `index` counts from 0 within the page. */
type RecordProblem = { readonly index: number; readonly detail: string; readonly body: string };

/**
 * The longest id or cursor value of a record, in characters. It becomes part of an address, which servers refuse when it
 * is too long: then nothing behind it could ever be asked for.
 */
const MAX_VALUE_CHARS = 512;

/** What an answer holds. */
export type Page = {
  readonly records: readonly PolledRecord[];
  readonly problems: readonly RecordProblem[];
  /** The values at the cursor's path, those of records that cannot be taken included, in their order. */
  readonly positions: readonly string[];
  /** How many records the source sent, those that cannot be taken included. */
  readonly count: number;
  /** The latest time at the cursor's path, as of `positions`; null when no record has one, or the cursor is no timestamp. */
  readonly highest: CursorValue | null;
  /** The next address that the answer itself names. */
  readonly next: string | undefined;
  /** The same for two pages that hold the same records. */
  readonly fingerprint: string;
  /** Names the first and the last record. */
  readonly edges: readonly [string, string] | null;
  /** Tells whether a record of that name is among them. */
  readonly holds: (name: string) => boolean;
};

/** An answer without records. */
export const EMPTY_PAGE: Page = {
  ...{ records: [], problems: [], positions: [], count: 0, highest: null, next: undefined, fingerprint: '' },
  ...{ edges: null, holds: () => false },
};

/**
 * Reads the records of an answer. Records that cannot be read or have no id are listed as problems, the others are
 * still taken. `isWhole` is false when nothing but the end of the connection told where the answer ends.
 *
 * @throws AnswerError when the answer cannot be read as a whole, or was cut
 */
export function readRecords(text: string, source: AnswerShape, isWhole = true): Page {
  const { items, next } = FORMATS[source.format](text, source, isWhole);
  const fields = toFields(source);
  const records: PolledRecord[] = [];
  const problems: RecordProblem[] = [];
  const positions: string[] = [];
  const named: string[] = [];
  let highest: CursorValue | null = null;
  for (const [index, item] of items.entries()) {
    const record = 'problem' in item ? item : toRecord(item, fields, source);
    if ('position' in record && record.position) positions.push(record.position);
    if ('at' in record) highest = toHigher(highest, record.at);
    if ('problem' in record) {
      problems.push({ index, detail: record.problem, body: item.body });
      named.push(item.body);
      continue;
    }
    records.push(record);
    named.push(`${record.id}@${record.version ?? ''}`);
  }
  const [first, last] = [named.at(0), named.at(-1)];
  return {
    ...{ records, problems, positions, count: items.length, highest, next },
    fingerprint: toFingerprint(items),
    edges: first === undefined || last === undefined ? null : [toName(first), toName(last)],
    holds: createHolds(named),
  };
}

/** Most pages are never asked what they hold, so their names are made when the first is looked for. */
function createHolds(named: readonly string[]): (name: string) => boolean {
  let names: ReadonlySet<string> | undefined;
  return (name) => {
    names ??= new Set(named.map(toName));
    return names.has(name);
  };
}

/** Returns the later of two values, written like it; of equal ones the second, so that the form follows the source. */
export function toHigher(left: CursorValue | null, right: CursorValue | null): CursorValue | null {
  if (left === null || right === null) return left ?? right;
  const [lower, higher] = left.atMs > right.atMs ? [right, left] : [left, right];
  return lower.pattern === higher.pattern ? higher : { ...writeLike(lower, higher), atMs: higher.atMs };
}

/** What is read of every record. */
type Fields = {
  readonly id: RecordField;
  readonly version: RecordField | undefined;
  /** What the cursor goes by; undefined where it goes by pages. */
  readonly position: RecordField | undefined;
  /** The same, where it is a time. */
  readonly time: RecordField | undefined;
};

function toFields({ cursor, format, idPath, versionPath }: AnswerShape): Fields {
  const path = cursor.kind === 'timestamp' || cursor.kind === 'id' ? cursor.path : undefined;
  const position = path === undefined ? undefined : createRecordField(path, format);
  return {
    id: createRecordField(idPath, format),
    version: versionPath === undefined ? undefined : createRecordField(versionPath, format),
    position,
    time: cursor.kind === 'timestamp' ? position : undefined,
  };
}

/** Where a record stands in the order of the cursor. */
type Place = Pick<PolledRecord, 'position' | 'at'>;

/** Reads a record, or says why it cannot be taken, and where it stands. */
function toRecord(
  item: { readonly value: JsonValue; readonly body: string },
  fields: Fields,
  { idPath, cursor }: AnswerShape,
): PolledRecord | ({ readonly problem: string } & Place) {
  const position = fields.position?.findText(item);
  if (position !== undefined && position.length > MAX_VALUE_CHARS) {
    return { problem: toTooLong('cursor value'), position: undefined, at: null };
  }
  const at = parseCursorValue(fields.time?.find(item.value), position) ?? null;
  const id = fields.id.findText(item) || undefined;
  if (id === undefined) return { problem: `no id at ${idPath}`, position, at };
  if (id.length > MAX_VALUE_CHARS) return { problem: toTooLong('id'), position, at };
  // An id says nothing of a change of its record; then the content hash stands in.
  const changing = 'path' in cursor && cursor.path === idPath ? undefined : position;
  // An empty text names no version either: all that is not dated yet would be the same.
  const version = fields.version?.findText(item) || changing || undefined;
  return { id, version, position, at, body: item.body };
}

function toTooLong(what: string): string {
  return `its ${what} has more than ${MAX_VALUE_CHARS} characters`;
}

function toFingerprint(items: readonly { readonly body: string }[]): string {
  const hash = createHash('sha256');
  for (const [index, { body }] of items.entries()) hash.update(index === 0 ? body : `\n${body}`);
  return hash.digest('hex').slice(0, 32);
}

function toName(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
