import { AnswerError } from './formats/item.ts';

/** The longest header that is read, in characters: as much as node takes of all headers together. */
const MAX_LENGTH = 16 * 1024;

/** A link and its parameters; a comma or semicolon inside quotes or angle brackets belongs to them. */
const LINK = /<([^<>]*)>((?:\s*;\s*[\w!#$&+\-.^`|~*]+(?:=(?:"(?:[^"\\]|\\.)*"|[^",;\s]*))?)*)/g;
const PARAMETER = /;\s*([\w!#$&+\-.^`|~*]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*)))?/g;

/**
 * Reads the address of the relation `next` from a Link header (RFC 8288); undefined when there is none.
 *
 * @throws AnswerError when the header is longer than 16 KiB: without its end it could read as that of the last page
 */
export function readNextLink(header = ''): string | undefined {
  if (header.length > MAX_LENGTH) {
    throw new AnswerError(`The Link header of the answer has more than ${MAX_LENGTH} characters.`);
  }
  for (const [, address = '', parameters = ''] of header.matchAll(LINK)) {
    if (readRelations(parameters).includes('next')) return address;
  }
  return undefined;
}

/** Of several `rel` only the first counts (section 3.3). */
function readRelations(parameters: string): readonly string[] {
  for (const [, name = '', quoted, plain] of parameters.matchAll(PARAMETER)) {
    if (name.toLowerCase() === 'rel') return (quoted ?? plain ?? '').toLowerCase().split(/\s+/);
  }
  return [];
}
