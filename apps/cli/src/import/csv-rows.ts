import { pipeline } from 'node:stream';
import { CsvError, type Info, parse } from 'csv-parse';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { MAX_ROW_BYTES, type Row, type RowContent, type RowStart, toBadContent } from './row.ts';
import { openText, type TextFile } from './text-file.ts';

/** A CSV file, and what was read of it before: the names of its columns, once they are known. */
export type CsvFile = TextFile & {
  readonly delimiter: string;
  readonly columns: readonly string[] | null;
  /** Told the names of the columns when the header is read. */
  readonly onColumns: (columns: readonly string[]) => void;
};

/** The fields of a record, and its text as it stands in the file. */
type Record = { readonly record: readonly string[]; readonly raw: string; readonly info: Info };

/**
 * Reads CSV with a header from a place that is the beginning of a record; there is a header only at the beginning of
 * the file. A row becomes an object of texts, named by the header. One with another number of fields, or with a quote
 * that nothing closes, is a row without a payload, and the others go on.
 *
 * @throws CliError that names the line where the file stops being text, or CSV; or when its header cannot be read
 */
export async function* readCsvRows(file: CsvFile, { offset, line }: RowStart): AsyncGenerator<Row> {
  let columns = file.columns;
  const parser = parse({
    info: true,
    raw: true,
    bom: offset === 0,
    delimiter: file.delimiter,
    // A file may end its header in one way and its rows in another.
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    // Quotes inside a field that does not begin with one are text: 5" pipe.
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_BYTES,
  });
  const text = openText(file, { offset, line }, 'Rows before it may have been sent.');
  // Its error comes out of the parser, which is read below.
  pipeline(text.chunks, parser, () => undefined);
  const records: AsyncIterable<Record> = parser;
  try {
    for await (const row of records) {
      const { info } = row;
      if (columns === null) {
        columns = toColumns(row);
        file.onColumns(columns);
        continue;
      }
      yield { line: line + info.lines, end: text.toOffset(info.bytes), content: toContent(columns, row) };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw toCsvError(error, line + parser.info.lines);
  }
}

function toColumns(header: Record): readonly string[] {
  if (isTorn(header)) throw refuseHeader('has a quote that is not closed; mend it');
  // Else a file whose lines all end so would be a header without rows.
  if (header.record.some((name) => /\r(?!\n)/.test(name))) {
    throw refuseHeader('has a carriage return without a line feed; convert the ends of its lines to LF');
  }
  const columns: string[] = [];
  header.record.forEach((given, at) => {
    const wanted = given.trim() === '' ? `column_${at + 1}` : given.trim();
    let name = wanted;
    for (let nth = 2; columns.includes(name); nth += 1) name = `${wanted}_${nth}`;
    columns.push(name);
  });
  return columns;
}

/**
 * Tells whether the quote that a field begins with is not closed, so that the field holds rows up to the next quote: it was
 * then taken for text. A field that begins with an escaped quote is good CSV, and stands in quotes.
 */
function isTorn({ record, raw }: Record): boolean {
  return record.some(
    (field) =>
      field.startsWith('"') && field.includes('\n') && !raw.includes(`"${field.replaceAll('"', '""')}"`),
  );
}

function toContent(columns: readonly string[], row: Record): RowContent {
  const { record } = row;
  if (isTorn(row)) {
    const detail = 'A quote in the row is not closed, so that it holds the rows up to the next quote.';
    return toBadContent('ERR_ROW_INVALID', detail, Buffer.from(JSON.stringify(record)));
  }
  if (record.length !== columns.length) {
    const detail = `The row has ${record.length} fields, the header ${columns.length}.`;
    return toBadContent('ERR_ROW_INVALID', detail, Buffer.from(JSON.stringify(record)));
  }
  const value = Object.fromEntries(columns.map((name, at) => [name, record[at] ?? '']));
  return { ok: true, json: Buffer.from(JSON.stringify(value)) };
}

function refuseHeader(why: string): CliError {
  return new CliError(EXIT.usage, `The header of the file ${why}. Nothing was sent.`);
}

function toCsvError(error: CsvError, line: number): CliError {
  const why =
    error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE'
      ? 'a quote is opened and not closed'
      : `it is not valid CSV, ${error.code}`;
  return new CliError(
    EXIT.usage,
    `The file cannot be read on near line ${line} (${why}). Rows before it may have been sent, and are recognised then: mend it and import it with --restart.`,
    { cause: error },
  );
}
