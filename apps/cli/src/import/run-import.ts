/*
 * The life of an import.
 *
 * 1. The state beside the file says where to begin; without one, at the beginning. It is written before anything is sent:
 *    where it cannot be kept, nothing is.
 * 2. Rows are read and gathered into chunks, one chunk ahead of the one that is sent. So its memory does not grow with
 *    the file.
 * 3. When every row of a chunk has its outcome, the rejected ones are written down, then the state. Whoever is killed
 *    in between sends the chunk again; its rows are recognised by their keys.
 * 4. At the end of the file the state says so, and stays: rows that are appended later can be imported by the same command.
 */
import { basename } from 'node:path';
import { type Chunk, readAhead, toChunks } from './chunks.ts';
import { readCsvRows } from './csv-rows.ts';
import { type ImportState, toRejectedPath, writeState } from './import-state.ts';
import { createItemWriter, type Item, type ItemOptions } from './item.ts';
import { readNdjsonRows } from './ndjson-rows.ts';
import { openRejectedRows, type RejectedRow } from './rejected-rows.ts';
import type { Row } from './row.ts';
import type { SendItems } from './send-items.ts';

export type ImportOptions = Omit<ItemOptions, 'fileName' | 'source'> & {
  readonly file: string;
  /** Where to begin. */
  readonly state: ImportState;
  readonly sendItems: SendItems;
  /** Told after every chunk. */
  readonly onProgress: (state: ImportState) => void;
};

/** Large enough that round trips do not count, small enough that a server takes it within its 7 s. */
const CHUNK = { maxRows: 5000, maxBytes: 2 * 1024 * 1024 };

/**
 * Imports the rest of a file and returns its state at the end.
 *
 * @throws CliError when the file cannot be read on, or nothing is taken any more
 */
export async function runImport(options: ImportOptions): Promise<ImportState> {
  const { file, sendItems, onProgress } = options;
  let state = options.state;
  const fileName = basename(file);
  const toLine = createItemWriter({ ...options, source: state.source, fileName });
  await writeState(file, state);
  const rejectedRows = await openRejectedRows(toRejectedPath(file), state.rejectedBytes);
  let columns = state.columns;
  const rows = readRows(file, state, (names) => {
    columns = [...names];
  });
  for await (const chunk of readAhead(toChunks(rows, CHUNK))) {
    const { accepted, duplicates, rejected } = await sendChunk(chunk, toLine, sendItems);
    const { counts } = state;
    state = {
      ...state,
      ...toEnd(chunk, state),
      columns,
      counts: {
        rows: counts.rows + chunk.length,
        accepted: counts.accepted + accepted,
        duplicates: counts.duplicates + duplicates,
        rejected: counts.rejected + rejected.length,
      },
      rejectedBytes: await rejectedRows.add(rejected),
      done: false,
    };
    await writeState(file, state);
    onProgress(state);
  }
  state = { ...state, columns, done: true };
  await writeState(file, state);
  return state;
}

/** Reads the rows of a file that are still to be imported. */
export function readRows(
  path: string,
  { format, encoding, delimiter, columns, offset, line }: ImportState,
  onColumns: (columns: readonly string[]) => void = () => undefined,
): AsyncGenerator<Row> {
  const start = { offset, line };
  if (format === 'ndjson') return readNdjsonRows({ path, encoding }, start);
  return readCsvRows({ path, encoding, delimiter, columns, onColumns }, start);
}

async function sendChunk(chunk: Chunk, toLine: ReturnType<typeof createItemWriter>, sendItems: SendItems) {
  const items: Item[] = [];
  const rejected: RejectedRow[] = [];
  chunk.forEach(({ line, end, content }, at) => {
    if (content.ok) items.push({ at, line: toLine({ line, end, content }) });
    else rejected.push({ line, code: content.code, detail: content.detail, row: content.text });
  });
  const outcomes = await sendItems(items);
  let accepted = 0;
  let duplicates = 0;
  for (const [{ at }, outcome] of outcomes) {
    if (outcome === 'accepted') accepted += 1;
    else if (outcome === 'duplicate') duplicates += 1;
    else rejected.push(toRejected(chunk[at], outcome));
  }
  rejected.sort((left, right) => left.line - right.line);
  return { accepted, duplicates, rejected };
}

function toRejected(row: Row | undefined, { code, detail }: { code: string; detail: string }): RejectedRow {
  const text = row?.content.ok === true ? row.content.json.toString('utf8') : '';
  return { line: row?.line ?? 0, code, detail, row: text };
}

function toEnd(chunk: Chunk, { offset, line }: ImportState): { offset: number; line: number } {
  const last = chunk.at(-1);
  return last === undefined ? { offset, line } : { offset: last.end, line: last.line };
}
