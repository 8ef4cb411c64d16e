import { createPaint, type Paint } from './paint.ts';

/** Where a command writes: answers on standard output, everything else on standard error. */
export type Output = {
  /** Whether answers are JSON. */
  readonly isJson: boolean;
  readonly paint: Paint;
  /** Writes the whole answer: one JSON document, or its text. */
  answer(value: unknown, toText: () => string): void;
  /** Writes one of many: a line of JSON, or its text. */
  item(value: unknown, toText: () => string): void;
  /** Says something beside the answer. */
  note(sentence: string): void;
};

/** Creates the output of a command. */
export function createOutput({
  stdout,
  stderr,
  isJson,
}: {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly isJson: boolean;
}): Output {
  function write(text: string): void {
    stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  return {
    isJson,
    paint: createPaint(stdout),
    answer: (value, toText) => write(isJson ? JSON.stringify(value, null, 2) : toText()),
    item: (value, toText) => write(isJson ? JSON.stringify(value) : toText()),
    note: (sentence) => void stderr.write(`${sentence}\n`),
  };
}
