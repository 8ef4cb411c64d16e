import { stat } from 'node:fs/promises';
import { MAX_SCHEMA_VERSION } from '@sluice/contracts/event';
import { type Command, Option } from 'commander';
import { CliError, toMessage } from '../cli-error.ts';
import { readEncoding } from '../encoding.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import {
  type ImportKind,
  type ImportState,
  newState,
  readState,
  toRejectedPath,
} from '../import/import-state.ts';
import { readRows, runImport } from '../import/run-import.ts';
import { createSender } from '../import/send-items.ts';
import { checkText } from '../import/text-file.ts';
import type { Output } from '../output.ts';
import { showProgress } from '../progress.ts';
import { fileEncoding, sourceId, wholeNumber } from '../read-options.ts';
import type { Act, Session } from '../session.ts';
import { formatCount } from '../table.ts';

type ImportOptions = {
  readonly source: string;
  readonly format?: 'ndjson' | 'csv';
  readonly encoding?: string;
  readonly delimiter: string;
  readonly type?: string;
  readonly schemaVersion?: number;
  readonly keyField?: string;
  readonly patience: number;
  readonly restart?: boolean;
  readonly dryRun?: boolean;
};

const HELP = `
Every row is an event: a line of NDJSON is its payload; a row of CSV becomes
an object of texts, named by the header.

The file has to be UTF-8, or UTF-16 as its first bytes show; name any other
encoding by --encoding, like windows-1252 for CSV that Excel saved. CSV that
is not of its encoding is refused before any of it is sent.

How far it came stands in FILE.sluice-import.json: after an interruption the
same command goes on from there, and after rows were appended it imports
those. Every row has an idempotency key made of the file's name, the row's
place and its content, so that a row that is sent again is recognised. Rows
that are not taken stand in FILE.rejected.ndjson with the reason; the others
go on, and the exit code is 1.

Examples:
  sluice import orders.csv --source erp
  sluice import readings.ndjson --source sensors --key-field id
  sluice import export.csv --source crm --delimiter ';' --dry-run
  sluice import excel.csv --source crm --encoding windows-1252
`;

const DAY_SECONDS = 86_400;
const PATIENCE_SECONDS = 300;
const SHOWN_BAD_ROWS = 5;

/** Adds `sluice import`. */
export function addImportCommand(program: Command, act: Act): void {
  program
    .command('import')
    .summary('Send every row of a file.')
    .description('Send every row of an NDJSON or CSV file as an event. It can be interrupted and repeated.')
    .argument('<file>', 'The file; .csv is read as CSV, anything else as NDJSON.')
    .requiredOption('-s, --source <id>', 'Who the events are of.', sourceId)
    .addOption(new Option('--format <format>', 'How the file is written.').choices(['ndjson', 'csv']))
    .option(
      '--encoding <name>',
      'utf-8 (default), utf-16le, windows-1252, latin1 or another with a byte for each character.',
      fileEncoding,
    )
    .option('--delimiter <character>', 'What separates the fields of CSV.', ',')
    .option('-t, --type <type>', 'Type of the events; else the mapping or their fields decide.')
    .option(
      '--schema-version <number>',
      "Version of the source's format.",
      wholeNumber(1, MAX_SCHEMA_VERSION),
    )
    .option('--key-field <name>', "Field that holds each row's idempotency key.")
    .option(
      '--patience <seconds>',
      'How long to wait while nothing is taken.',
      wholeNumber(0, DAY_SECONDS),
      PATIENCE_SECONDS,
    )
    .option('--restart', 'Begin at the beginning, whatever was imported before.')
    .option('--dry-run', 'Read and check the file, and send nothing.')
    .addHelpText('after', HELP)
    .action(
      act(async (session, options: ImportOptions, file: string) => {
        const totalBytes = await readSize(file);
        const kind = await toKind(file, options);
        const earlier = options.restart || options.dryRun ? null : await readState(file, kind);
        const state = earlier ?? (await newState(file, kind));
        // A line of NDJSON stands for itself: one that is not UTF-8 is refused alone.
        if (state.format === 'csv' || state.encoding !== 'utf-8') {
          await checkText({ path: file, encoding: state.encoding }, state, session.signal);
        }
        if (options.dryRun) return checkFile(session, file, state);
        return importFile(session, file, options, { state, totalBytes });
      }),
    );
}

async function importFile(
  { connect, output, signal, stderr }: Session,
  file: string,
  options: ImportOptions,
  { state, totalBytes }: { readonly state: ImportState; readonly totalBytes: number },
): Promise<ExitCode> {
  const api = await connect();
  if (state.offset > 0) {
    output.note(
      `Going on behind line ${formatCount(state.line)}; ${formatCount(state.counts.rows)} rows were settled before.`,
    );
  }
  const progress = showProgress(stderr, totalBytes);
  const show = ({ offset, counts }: ImportState): void =>
    progress.update(offset, `${formatCount(counts.rows)} rows`);
  show(state);
  const { type, schemaVersion, keyField, patience } = options;
  const sendItems = createSender({
    api,
    signal,
    patienceMs: patience * 1000,
    onWait: (reason, waitMs) => progress.say(`Waiting ${(waitMs / 1000).toFixed(1)} s: ${reason}`),
  });
  try {
    const done = await runImport({
      ...{ file, state, sendItems, type, schemaVersion, keyField },
      onProgress: show,
    });
    progress.stop();
    tellDone(output, file, done, done.counts.rows - state.counts.rows);
    return done.counts.rejected > 0 ? EXIT.no : EXIT.ok;
  } catch (error) {
    progress.stop();
    if (signal.aborted) throw new CliError(EXIT.interrupted, 'Stopped; the same command goes on from here.');
    throw error;
  }
}

function tellDone(output: Output, file: string, { source, counts }: ImportState, newRows: number): void {
  const { rows, accepted, duplicates, rejected } = counts;
  const rejectedFile = rejected > 0 ? toRejectedPath(file) : null;
  output.answer({ file, source, newRows, rows, accepted, duplicates, rejected, rejectedFile }, () => {
    const first =
      newRows === rows
        ? `${formatCount(rows)} rows`
        : `${formatCount(newRows)} more rows, ${formatCount(rows)} in all`;
    const told = `${first}: ${formatCount(accepted)} accepted, ${formatCount(duplicates)} known already, ${formatCount(rejected)} rejected.`;
    return rejectedFile === null
      ? told
      : `${told}\nThe rejected rows are in ${rejectedFile}, with the reasons.`;
  });
}

/** Reads the whole file as an import would, and tells what could not be sent. */
async function checkFile({ output, signal }: Session, file: string, state: ImportState): Promise<ExitCode> {
  let rows = 0;
  let bad = 0;
  const first: { line: number; code: string; detail: string }[] = [];
  for await (const { line, content } of readRows(file, state)) {
    signal.throwIfAborted();
    rows += 1;
    if (content.ok) continue;
    bad += 1;
    if (first.length < SHOWN_BAD_ROWS) first.push({ line, code: content.code, detail: content.detail });
  }
  output.answer({ file, source: state.source, rows, unreadable: bad, first }, () => {
    const lines = first.map(({ line, detail }) => `  line ${formatCount(line)}: ${detail}`);
    return [`${formatCount(rows)} rows, ${formatCount(bad)} of them cannot be sent.`, ...lines].join('\n');
  });
  return bad > 0 ? EXIT.no : EXIT.ok;
}

async function toKind(
  file: string,
  { source, format, encoding, delimiter }: ImportOptions,
): Promise<ImportKind> {
  if (delimiter.length !== 1)
    throw new CliError(EXIT.usage, "--delimiter must be one character; for a tab write $'\\t'.");
  return {
    source,
    format: format ?? (/\.csv$/i.test(file) ? 'csv' : 'ndjson'),
    encoding: await readEncoding(file, encoding),
    delimiter,
  };
}

async function readSize(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isFile()) return found.size;
  } catch (cause) {
    throw new CliError(EXIT.usage, `The file cannot be read: ${toMessage(cause)}.`, { cause });
  }
  throw new CliError(EXIT.usage, `${file} is no file; an import can only go on in a file.`);
}
