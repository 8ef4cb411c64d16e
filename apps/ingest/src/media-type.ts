import { ProblemException } from '@sluice/contracts/errors';
import type { PushSource } from '@sluice/contracts/source';
import { isFormContentType } from '@sluice/normalizer/form-body';
import { isJsonContentType } from '@sluice/normalizer/read-payload';
import { findEncodingProblem } from '@sluice/runtime/content-encoding';
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
 * @throws ProblemException ERR_CONTENT_ENCODING for a compressed body
 */
export function readContentType(headers: IncomingHeaders): string {
  const problem = findEncodingProblem(readHeader(headers, 'content-encoding'));
  if (problem !== undefined) throw problem;
  return readHeader(headers, 'content-type') ?? '';
}

/** How a body is read: `BODY_KINDS` of a source. */
type BodyKind = PushSource['bodies'][number];

const KIND_NAMES = {
  json: 'application/json (or a type that ends in +json)',
  form: 'application/x-www-form-urlencoded',
  text: 'any other type',
} as const satisfies Record<BodyKind, string>;

/**
 * Tells how a body of this content type is read, where the source allows it.
 *
 * @throws ProblemException ERR_MEDIA_TYPE naming what the source allows
 */
export function toBodyKind(contentType: string, bodies: readonly BodyKind[]): BodyKind {
  const kind = isJsonContentType(contentType) ? 'json' : isFormContentType(contentType) ? 'form' : 'text';
  if (contentType !== '' && bodies.includes(kind)) return kind;
  const allowed = bodies.map((it) => KIND_NAMES[it]).join(', ');
  const found = contentType === '' ? 'Content-Type is missing' : 'This Content-Type is not allowed';
  throw new ProblemException('ERR_MEDIA_TYPE', `${found}; the source takes ${allowed}.`);
}
