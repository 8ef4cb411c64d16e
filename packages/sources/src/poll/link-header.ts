/** As much of the header as is read: far more than links are long. */
const MAX_LENGTH = 4096;

/** A link and its parameters; a comma or semicolon inside quotes or angle brackets belongs to them. */
const LINK = /<([^<>]*)>((?:\s*;\s*[\w!#$&+\-.^`|~*]+(?:=(?:"(?:[^"\\]|\\.)*"|[^",;\s]*))?)*)/g;
const PARAMETER = /;\s*([\w!#$&+\-.^`|~*]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*)))?/g;

/** Reads the address of the relation `next` from a Link header (RFC 8288); undefined when there is none. */
export function readNextLink(header: string | undefined): string | undefined {
  for (const [, address = '', parameters = ''] of (header ?? '').slice(0, MAX_LENGTH).matchAll(LINK)) {
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
