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
  const chunks = body.iterator({ destroyOnReturn: false });
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), maxMs);
  let sizeBytes = 0;
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), late.promise]);
      if (next === 'late') {
        const detail = `The batch was not read to its end within ${maxMs / 1000} s.`;
        throw new ProblemException('ERR_REQUEST_TIMEOUT', detail);
      }
      if (next.done === true) return;
      const chunk: Buffer = next.value;
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw toTooLarge(maxBytes);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ProblemException) throw error;
    const detail = 'The connection closed before the body ended.';
    throw new ProblemException('ERR_REQUEST_MALFORMED', detail, { cause: error });
  } finally {
    clearTimeout(timer);
    const drop = () => void body.resume();
    // Not awaited: it ends with the next chunk, which a sender that is too slow may never send.
    chunks.return?.(undefined).then(drop, drop);
  }
}

/** Makes the problem of a batch that is larger than `maxBytes`. */
export function toTooLarge(maxBytes: number): ProblemException {
  return new ProblemException('ERR_BODY_TOO_LARGE', `A batch may have ${maxBytes} bytes.`);
}
