import { CsvError, parse } from 'csv-parse/sync';
import { AnswerError, type Item, MAX_RECORDS, type ReadItems, toTooMany } from './item.ts';

const MAX_COLUMNS = 5000;

/** The most that the rows of an answer may come to as objects, in bytes: each repeats the whole header. */
const MAX_JSON_BYTES = 32 * 1024 ** 2;

/**
 * Reads CSV with a header row. What is kept of a row is the JSON object that its fields make, all of them text,
 * named by the header: the row's own bytes mean nothing without it. A repeated name gets `_2`, a missing one is
 * `column_<n>`. A row with another number of fields, or with a quote that nothing closes, is a problem of that record
 * alone.
 */
export const readCsv: ReadItems = (text, { delimiter, idPath, versionPath, cursor }, isWhole) => {
  if (!isWhole && !/[\r\n]$/.test(text)) throw new AnswerError('The answer was cut off in its last row.');
  const [first, ...rows] = parseRows(text, delimiter);
  if (first === undefined) return { items: [] };
  if (isTorn(first)) throw new AnswerError('The header of the answer has a quote that is not closed.');
  const header = first.record;
  if (rows.length > MAX_RECORDS) throw toTooMany();
  if (header.length > MAX_COLUMNS) {
    throw new AnswerError(`The header of the answer has more than ${MAX_COLUMNS} columns.`);
  }
  const names = toNames(header);
  assertSmall(names, rows.length);
  const position = 'path' in cursor && cursor.kind !== 'link' ? cursor.path : undefined;
  const missing = [idPath, versionPath, position].find((name) => name !== undefined && !names.includes(name));
  if (missing !== undefined) throw new AnswerError(`The header of the answer has no column ${missing}.`);
  return { items: rows.map((row) => toItem(names, row)) };
};

/** The fields of a row, and its text as it was sent. */
type Row = { readonly record: readonly string[]; readonly raw: string };

function parseRows(text: string, delimiter: string): Row[] {
  try {
    const rows: unknown = parse(text, {
      bom: true,
      delimiter,
      // An answer may end its header in one way and its rows in another. A CR ends lines only where nothing else does.
      record_delimiter: text.includes('\n') ? ['\r\n', '\n'] : ['\r'],
      raw: true,
      relax_column_count: true,
      // Quotes inside a field that does not begin with one are text: 5" pipe.
      relax_quotes: true,
      skip_empty_lines: true,
      // One more than may be there, and the header.
      to: MAX_RECORDS + 2,
    });
    // Their types do not say what `raw` makes of a row.
    return rows as Row[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AnswerError(`The answer is not valid CSV (${error.code}).`, { cause: error });
  }
}

/**
 * Tells whether the quote that a field begins with is not closed, so that the field holds rows up to the next quote: it was
 * then taken for text. A field that begins with an escaped quote is good CSV, and was sent in quotes.
 */
function isTorn({ record, raw }: Row): boolean {
  return record.some(
    (field) =>
      field.startsWith('"') && /[\r\n]/.test(field) && !raw.includes(`"${field.replaceAll('"', '""')}"`),
  );
}

/** Takes time in proportion to the header: each name remembers the number up to which its repeats are taken. */
function toNames(header: readonly string[]): string[] {
  const taken = new Set<string>();
  const repeats = new Map<string, number>();
  for (const [index, given] of header.entries()) {
    const wanted = given.trim() === '' ? `column_${index + 1}` : given.trim();
    let nth = repeats.get(wanted) ?? 1;
    let name = wanted;
    while (taken.has(name)) {
      nth += 1;
      name = `${wanted}_${nth}`;
    }
    repeats.set(wanted, nth);
    taken.add(name);
  }
  return [...taken];
}

function assertSmall(names: readonly string[], rowCount: number): void {
  const headerBytes = names.reduce((sum, name) => sum + name.length + '"":"",'.length, 0);
  if (headerBytes * rowCount <= MAX_JSON_BYTES) return;
  throw new AnswerError(
    'The rows of the answer are too many for so wide a header; declare a limitParam or a pageParam.',
  );
}

function toItem(names: readonly string[], row: Row): Item {
  const { record } = row;
  const problem = isTorn(row) ? 'a quote in the row is not closed' : toMiscount(names, record);
  // A row may be one of millions of fields.
  if (problem !== undefined) return { body: JSON.stringify(record.slice(0, MAX_COLUMNS)), problem };
  const value = Object.fromEntries(names.map((name, index) => [name, record[index] ?? '']));
  return { body: JSON.stringify(value), value };
}

function toMiscount(names: readonly string[], { length }: readonly string[]): string | undefined {
  return length === names.length ? undefined : `the row has ${length} fields, the header ${names.length}`;
}
