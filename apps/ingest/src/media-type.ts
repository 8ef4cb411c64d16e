import { ProblemException } from '@sluice/contracts/errors';
import { isJsonContentType } from '@sluice/normalizer/read-payload';
import { type IncomingHeaders, readHeader } from './request-parts.ts';

/**
 * Returns the content type of a request that must be JSON.
 *
 * @throws ProblemException ERR_MEDIA_TYPE for another or none, ERR_CONTENT_ENCODING for a compressed body
 */
export function readJsonContentType(headers: IncomingHeaders): string {
  const contentType = readContentType(headers);
  if (!isJsonContentType(contentType)) {
    throw new ProblemException(
      'ERR_MEDIA_TYPE',
      contentType === ''
        ? 'Content-Type is missing; expected application/json.'
        : 'Content-Type must be application/json or a type that ends in +json.',
    );
  }
  return contentType;
}

/**
 * Returns the content type of a request, empty when it names none.
 *
 * @throws ProblemException ERR_CONTENT_ENCODING for a compressed body: signatures and hashes cover the bytes sent
 */
export function readContentType(headers: IncomingHeaders): string {
  const encoding = readHeader(headers, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new ProblemException('ERR_CONTENT_ENCODING');
  }
  return readHeader(headers, 'content-type') ?? '';
}
