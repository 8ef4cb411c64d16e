import { ProblemException } from '@sluice/contracts/errors';

const CHARSET = /; *charset *= *"?([^";\s]*)/i;

/** ASCII is UTF-8 too. */
const UNDERSTOOD = /^(?:utf-?8|(?:us-)?ascii)?$/i;

/**
 * Checks that a text is in UTF-8 as far as its media type says: in another charset the same bytes are another text.
 *
 * @throws ProblemException ERR_MEDIA_TYPE for a charset that is neither UTF-8 nor ASCII
 */
export function assertTextCharset(contentType: string): void {
  const charset = readCharset(contentType);
  if (UNDERSTOOD.test(charset)) return;
  throw new ProblemException('ERR_MEDIA_TYPE', 'A text must be in UTF-8 or ASCII.');
}

/** Returns the charset that a media type names, empty when it names none. */
export function readCharset(contentType: string): string {
  const [, charset = ''] = CHARSET.exec(contentType) ?? [];
  return charset;
}
