import { AnswerError, type Item, MAX_RECORDS, type ReadItems, toTooMany } from './item.ts';

/**
 * Reads JSON values, one a line; empty lines are passed over, a line that is no JSON is a problem of that record
 * alone. Without a length or chunks only the last line's end tells that nothing was cut.
 */
export const readNdjson: ReadItems = (text, _shape, isWhole) => {
  if (!isWhole && !text.endsWith('\n')) throw new AnswerError('The answer was cut off in its last line.');
  const items = listLines(text).map(readLine);
  if (items.length > 0 && items.every((item) => 'problem' in item)) {
    throw new AnswerError('The answer holds no line of JSON.');
  }
  return { items };
};

/** Cut one by one: millions of lines must not be held before they are counted. */
function listLines(text: string): readonly string[] {
  const lines: string[] = [];
  let begin = 0;
  while (begin < text.length) {
    const found = text.indexOf('\n', begin);
    const end = found === -1 ? text.length : found;
    const line = text.slice(begin, end).trim();
    if (line !== '') lines.push(line);
    if (lines.length > MAX_RECORDS) throw toTooMany();
    begin = end + 1;
  }
  return lines;
}

function readLine(body: string): Item {
  try {
    return { body, value: JSON.parse(body) };
  } catch {
    return { body, problem: 'the line is not valid JSON' };
  }
}
