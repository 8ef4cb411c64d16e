import { CsvError, parse } from 'csv-parse/sync';
import { AnswerError, type Item, type ReadItems } from './item.ts';

/**
 * Reads CSV with a header row. What is kept of a row is the JSON object that its fields make, all of them text,
 * named by the header: the row's own bytes mean nothing without it. A repeated name gets `_2`, a missing one is
 * `column_<n>`. A row with another number of fields is a problem of that record alone.
 */
export const readCsv: ReadItems = (text, { delimiter, idPath, versionPath, cursor }, isWhole) => {
  if (!isWhole && !/[\r\n]$/.test(text)) throw new AnswerError('The answer was cut off in its last row.');
  const [header, ...rows] = parseRows(text, delimiter);
  if (header === undefined) return { items: [] };
  const names = toNames(header);
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
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AnswerError(`The answer is not valid CSV (${error.code}).`, { cause: error });
  }
}

function toNames(header: readonly string[]): string[] {
  const names: string[] = [];
  header.forEach((given, index) => {
    const wanted = given.trim() === '' ? `column_${index + 1}` : given.trim();
    let name = wanted;
    for (let nth = 2; names.includes(name); nth += 1) name = `${wanted}_${nth}`;
    names.push(name);
  });
  return names;
}

function toItem(names: readonly string[], row: readonly string[]): Item {
  if (row.length !== names.length) {
    const problem = `the row has ${row.length} fields, the header ${names.length}`;
    return { body: JSON.stringify(row), problem };
  }
  const value = Object.fromEntries(names.map((name, index) => [name, row[index] ?? '']));
  return { body: JSON.stringify(value), value };
}
