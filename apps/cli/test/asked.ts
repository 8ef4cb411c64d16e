import { PassThrough } from 'node:stream';
import { createProgram } from '../src/program.ts';
import { createAct, type Streams } from '../src/session.ts';

/** A run of the command that a person answers. */
export type Asked = {
  /** Returns all that it has written so far. */
  readonly told: () => string;
  /** Types a line. */
  readonly answer: (line: string) => void;
  readonly ended: Promise<unknown>;
};

/** Starts the command in this process, as in a terminal: it asks, and waits for an answer. */
export function startAsked(args: readonly string[]): Asked {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const written = new PassThrough();
  let text = '';
  written.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  // What a terminal can beyond a stream is not used by what is asked here.
  const streams = { stdin, stdout: written, stderr: written } as unknown as Streams;
  const act = createAct({
    streams,
    signal: new AbortController().signal,
    leave: () => undefined,
    finish: () => undefined,
  });
  const program = createProgram({ act, version: '0', ...streams });
  return {
    told: () => text,
    answer: (line) => void stdin.write(`${line}\n`),
    ended: program.parseAsync(['node', 'sluice', ...args]),
  };
}
