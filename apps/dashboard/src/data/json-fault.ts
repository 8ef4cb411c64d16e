/** Where a text stops being JSON: line and column count from 1. */
export type JsonFault = { readonly line: number; readonly column: number; readonly message: string };

/** Finds where a text stops being JSON; null when all of it is. */
export function findJsonFault(text: string): JsonFault | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ...toPlace(text, message), message: toSentence(message) };
  }
}

/** Browsers say it in one of three ways: by position, by line and column, or not at all where the text just ends. */
function toPlace(text: string, message: string): Pick<JsonFault, 'line' | 'column'> {
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  if (line !== undefined && column !== undefined) return { line: Number(line), column: Number(column) };
  const [, position] = /at position (\d+)/.exec(message) ?? [];
  const at = position === undefined ? findUnexpected(text) : Number(position);
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** Where no position is named: the longest beginning of the text in which nothing is unexpected but its end. */
function findUnexpected(text: string): number {
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const end = Math.floor((good + bad) / 2);
    if (isUnexpected(text.slice(0, end))) bad = end;
    else good = end;
  }
  return bad > text.length ? text.length : bad - 1;
}

function isUnexpected(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof Error && error.message.startsWith('Unexpected token');
  }
}

function toSentence(message: string): string {
  return message
    .replace(/ in JSON at position \d+.*$/s, '')
    .replace(/, (?:\.{3})?".*" is not valid JSON$/s, '')
    .replace(/ \(line \d+ column \d+\)$/, '');
}
