import { ProblemException } from '@sluice/contracts/errors';

/** Writes a revision as an entity tag. */
export function toETag(revision: number): string {
  return `"${revision}"`;
}

/**
 * Reads the revision that `If-Match` asks for; undefined when it asks for none.
 *
 * @throws ProblemException ERR_HEADER_INVALID
 */
export function readIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const [, digits] = /^"(\d{1,9})"$/.exec(header) ?? [];
  if (digits === undefined) {
    throw new ProblemException('ERR_HEADER_INVALID', 'If-Match: expected the ETag of the source, like "3".');
  }
  return Number(digits);
}
