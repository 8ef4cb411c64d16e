import { CsvError, parse } from 'csv-parse/sync';
import { AnswerError, type Item, MAX_RECORDS, type ReadItems, toTooMany } from './item.ts';

const MAX_COLUMNS = 5000;

/** The most that the rows of an answer may come to as objects, in bytes: each repeats the whole header. */
const MAX_JSON_BYTES = 32 * 1024 ** 2;

/**
 * Reads CSV with a header row. What is kept of a row is the JSON object that its fields make, all of them text,
 * named by the header: the row's own bytes mean nothing without it. A repeated name gets `_2`, a missing one is
 * `column_<n>`. A row with another number of fields is a problem of that record alone.
 */
export const readCsv: ReadItems = (text, { delimiter, idPath, versionPath, cursor }, isWhole) => {
  if (!isWhole && !/[\r\n]$/.test(text)) throw new AnswerError('The answer was cut off in its last row.');
  const [header, ...rows] = parseRows(text, delimiter);
  if (header === undefined) return { items: [] };
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

function parseRows(text: string, delimiter: string): string[][] {
  try {
    return parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      // Quotes inside a field that does not begin with one are text: 5" pipe.
      relax_quotes: true,
      skip_empty_lines: true,
      // One more than may be there, and the header.
      to: MAX_RECORDS + 2,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AnswerError(`The answer is not valid CSV (${error.code}).`, { cause: error });
  }
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

function toItem(names: readonly string[], row: readonly string[]): Item {
  if (row.length !== names.length) {
    const problem = `the row has ${row.length} fields, the header ${names.length}`;
    // A row may be one of millions of fields.
    return { body: JSON.stringify(row.slice(0, MAX_COLUMNS)), problem };
  }
  const value = Object.fromEntries(names.map((name, index) => [name, row[index] ?? '']));
  return { body: JSON.stringify(value), value };
}
