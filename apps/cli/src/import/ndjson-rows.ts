import { isUtf8 } from 'node:buffer';
import { MAX_ROW_BYTES, type Row, type RowContent, type RowStart, toBadContent } from './row.ts';
import { openBytes, openText, type TextFile } from './text-file.ts';

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const BLANK = /^[ \t\r\n]*$/;

/**
 * Reads a file of lines, each a JSON value, from a place that is the beginning of a line. Blank lines are no rows. A
 * line that is not JSON, or not UTF-8 in a file that should be, is a row without a payload, and the others go on. Holds
 * one line at a time.
 *
 * @throws CliError that names the line where a file of another encoding stops being text
 */
export async function* readNdjsonRows(file: TextFile, { offset, line }: RowStart): AsyncGenerator<Row> {
  const { chunks, toOffset } =
    file.encoding === 'utf-8'
      ? openBytes(file.path, { offset, line })
      : openText(file, { offset, line }, 'Lines before it may have been sent.');
  let readBytes = 0;
  let number = line;
  let parts: Buffer[] = [];
  let bytes = 0;

  function add(part: Buffer): void {
    bytes += part.length;
    readBytes += part.length;
    if (bytes <= MAX_ROW_BYTES) parts.push(part);
  }

  function take(): Row | undefined {
    number += 1;
    const [only, ...others] = parts;
    const whole = only !== undefined && others.length === 0 ? only : Buffer.concat(parts);
    const isTooLong = bytes > MAX_ROW_BYTES;
    const isFirst = offset === 0 && readBytes === bytes;
    const end = toOffset(readBytes);
    parts = [];
    bytes = 0;
    const text = isFirst && whole.subarray(0, 3).equals(BYTE_ORDER_MARK) ? whole.subarray(3) : whole;
    if (!isTooLong && text.length < 1024 && BLANK.test(text.toString('latin1'))) return undefined;
    return { line: number, end, content: isTooLong ? toTooLong(text) : toContent(text) };
  }

  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      add(chunk.subarray(from, at + 1));
      from = at + 1;
      const row = take();
      if (row !== undefined) yield row;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (bytes === 0) return;
  const last = take();
  if (last !== undefined) yield last;
}

function toTooLong(bytes: Buffer): RowContent {
  return toBadContent('ERR_BODY_TOO_LARGE', `The line is longer than ${MAX_ROW_BYTES} bytes.`, bytes);
}

/** The bytes are sent as they stand, so they must be one value and nothing beside it. */
function toContent(line: Buffer): RowContent {
  const json = withoutEnding(line);
  if (!isUtf8(json)) {
    const detail = 'The line is not UTF-8. If all of the file is in another encoding, name it by --encoding.';
    return toBadContent('ERR_UNICODE_INVALID', detail, json);
  }
  try {
    JSON.parse(json.toString('utf8'));
    return { ok: true, json };
  } catch {
    return toBadContent('ERR_JSON_INVALID', 'The line is not valid JSON.', json);
  }
}

function withoutEnding(line: Buffer): Buffer {
  const feed = line.at(-1) === LINE_FEED ? 1 : 0;
  const isReturned = line.at(-1 - feed) === 0x0d;
  return line.subarray(0, line.length - feed - (isReturned ? 1 : 0));
}
