/** Reads the answers of one connection, which has at most one request under way. */
export type AnswerReader = {
  /**
   * Takes the next bytes; returns the status once the answer is whole, else undefined.
   *
   * @throws Error when the bytes are no answer to one request
   */
  readonly read: (chunk: Buffer) => number | undefined;
};

const STATUS_AT = 'HTTP/1.1 '.length;
const ZERO = 48;

/** Creates the reader of a connection. An answer as long as the last whole one is taken to be whole, unread. */
export function createAnswerReader(): AnswerReader {
  let status = 0;
  let missing = 0;
  let usualLength = -1;

  return {
    read(chunk) {
      if (missing > 0) missing -= chunk.length;
      else {
        status = readStatus(chunk);
        if (chunk.length === usualLength) return status;
        usualLength = readLength(chunk);
        missing = usualLength - chunk.length;
      }
      if (missing < 0) throw new Error('A server sent more than the answer to one request.');
      return missing === 0 ? status : undefined;
    },
  };
}

function readStatus(chunk: Buffer): number {
  const [a = 0, b = 0, c = 0] = chunk.subarray(STATUS_AT, STATUS_AT + 3);
  const status = (a - ZERO) * 100 + (b - ZERO) * 10 + (c - ZERO);
  if (status >= 100 && status <= 599) return status;
  throw new Error(`A server sent what is no answer: ${chunk.toString('latin1', 0, 100)}`);
}

function readLength(chunk: Buffer): number {
  const end = chunk.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: *(\d+)/i.exec(chunk.toString('latin1', 0, Math.max(0, end)))?.[1];
  if (length !== undefined) return end + 4 + Number(length);
  throw new Error('A server sent an answer whose length cannot be read.');
}
