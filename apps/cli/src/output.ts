import { createPaint, type Paint } from './paint.ts';

/** Where a command writes: answers on standard output, everything else on standard error. */
export type Output = {
  /** Whether answers are JSON. */
  readonly isJson: boolean;
  readonly paint: Paint;
  /** Writes the whole answer: one JSON document, or its text. */
  answer(value: unknown, toText: () => string): void;
  /** Writes one of many: a line of JSON, or its text; when nobody reads them any more, the command ends. */
  item(value: unknown, toText: () => string): void;
  /** Says something beside the answer. */
  note(sentence: string): void;
};

/** Creates the output of a command. */
export function createOutput({
  stdout,
  stderr,
  isJson,
  leave,
}: {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly isJson: boolean;
  /** Called when nobody reads a list on. */
  readonly leave: () => void;
}): Output {
  function write(text: string, onEnd?: (error?: Error | null) => void): void {
    stdout.write(text.endsWith('\n') ? text : `${text}\n`, onEnd);
  }

  function leaveIfClosed(error?: NodeJS.ErrnoException | null): void {
    if (error?.code === 'EPIPE') leave();
  }

  return {
    isJson,
    paint: createPaint(stdout),
    answer: (value, toText) => write(isJson ? JSON.stringify(value, null, 2) : toText()),
    item: (value, toText) => write(isJson ? JSON.stringify(value) : toText(), leaveIfClosed),
    note: (sentence) => void stderr.write(`${sentence}\n`),
  };
}
