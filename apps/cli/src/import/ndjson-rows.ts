import { createReadStream } from 'node:fs';
import { MAX_ROW_BYTES, type Row, type RowContent, type RowStart, toBadContent } from './row.ts';

const LINE_FEED = 0x0a;
const READ_BYTES = 256 * 1024;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const BLANK = /^[ \t\r\n]*$/;

/**
 * Reads a file of lines, each a JSON value, from a place that is the beginning of a line. Blank lines are no rows. A
 * line that is not JSON is a row without a payload, and the others go on. Holds one line at a time.
 */
export async function* readNdjsonRows(path: string, { offset, line }: RowStart): AsyncGenerator<Row> {
  const stream: AsyncIterable<Buffer> = createReadStream(path, { start: offset, highWaterMark: READ_BYTES });
  let end = offset;
  let number = line;
  let parts: Buffer[] = [];
  let bytes = 0;

  function add(part: Buffer): void {
    bytes += part.length;
    end += part.length;
    if (bytes <= MAX_ROW_BYTES) parts.push(part);
  }

  function take(): Row | undefined {
    number += 1;
    const [only, ...others] = parts;
    const whole = only !== undefined && others.length === 0 ? only : Buffer.concat(parts);
    const isTooLong = bytes > MAX_ROW_BYTES;
    const isFirst = end - bytes === 0;
    parts = [];
    bytes = 0;
    const text = isFirst && whole.subarray(0, 3).equals(BYTE_ORDER_MARK) ? whole.subarray(3) : whole;
    if (!isTooLong && text.length < 1024 && BLANK.test(text.toString('latin1'))) return undefined;
    return { line: number, end, content: isTooLong ? toTooLong(text) : toContent(text) };
  }

  for await (const chunk of stream) {
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
