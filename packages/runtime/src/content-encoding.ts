import { ProblemException } from '@sluice/contracts/errors';

/**
 * Returns why a body with this `Content-Encoding` is refused, undefined where it is not compressed: signatures and hashes
 * cover the bytes sent, and nothing unpacks them.
 */
export function findEncodingProblem(encoding: string | undefined): ProblemException | undefined {
  return encoding === undefined || encoding.toLowerCase() === 'identity'
    ? undefined
    : new ProblemException('ERR_CONTENT_ENCODING');
}
