import { AnswerError, type Item, type ReadItems } from './item.ts';

/**
 * Reads JSON values, one a line; empty lines are passed over, a line that is no JSON is a problem of that record
 * alone. Without a length or chunks only the last line's end tells that nothing was cut.
 */
export const readNdjson: ReadItems = (text, _shape, isWhole) => {
  if (!isWhole && !text.endsWith('\n')) throw new AnswerError('The answer was cut off in its last line.');
  const lines = text.split('\n').map((line) => line.trim());
  const items = lines.filter((line) => line !== '').map(readLine);
  if (items.length > 0 && items.every((item) => 'problem' in item)) {
    throw new AnswerError('The answer holds no line of JSON.');
  }
  return { items };
};

function readLine(body: string): Item {
  try {
    return { body, value: JSON.parse(body) };
  } catch {
    return { body, problem: 'the line is not valid JSON' };
  }
}
