import type { Readable } from 'node:stream';
import { ProblemException } from '@sluice/contracts/errors';

export type ChunkLimits = {
  readonly maxBytes: number;
  /** How long the body may take, in ms. */
  readonly maxMs: number;
};

/**
 * Reads a request's body as it arrives. Whoever stops reading early is still able to answer: the rest is dropped.
 *
 * @throws ProblemException ERR_BODY_TOO_LARGE, ERR_REQUEST_TIMEOUT, ERR_REQUEST_MALFORMED when the sender hung up
 */
export async function* readChunks(body: Readable, { maxBytes, maxMs }: ChunkLimits): AsyncGenerator<Buffer> {
  let isLate = false;
  let sizeBytes = 0;
  // One waiting at a time: a promise to race with would remember every chunk until it settles.
  let wake: (() => void) | undefined;
  const look = () => wake?.();
  const timer = setTimeout(() => {
    isLate = true;
    look();
  }, maxMs);
  for (const event of ['readable', 'end', 'error', 'close']) body.on(event, look);
  try {
    for (;;) {
      if (isLate) throw toTooLate(maxMs);
      const chunk: Buffer | null = body.read();
      if (chunk !== null) {
        sizeBytes += chunk.length;
        if (sizeBytes > maxBytes) throw toTooLarge(maxBytes);
        yield chunk;
      } else if (body.readableEnded) {
        return;
      } else if (body.destroyed) {
        throw toBrokenOff(body.errored);
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    clearTimeout(timer);
    // That of errors stays: a connection may still break while the rest is dropped.
    for (const event of ['readable', 'end', 'close']) body.off(event, look);
    body.resume();
  }
}

/** Makes the problem of a batch that is larger than `maxBytes`. */
export function toTooLarge(maxBytes: number): ProblemException {
  return new ProblemException('ERR_BODY_TOO_LARGE', `A batch may have ${maxBytes} bytes.`);
}

function toTooLate(maxMs: number): ProblemException {
  const detail = `The batch was not read to its end within ${maxMs / 1000} s.`;
  return new ProblemException('ERR_REQUEST_TIMEOUT', detail);
}

function toBrokenOff(cause: Error | null): ProblemException {
  const detail = 'The connection closed before the body ended.';
  return new ProblemException('ERR_REQUEST_MALFORMED', detail, { cause });
}
