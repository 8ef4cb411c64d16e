import type { IncomingHttpHeaders } from 'node:http';
import { readHeader } from './signature.ts';

/** What a signed content is made from. */
type ContentSource = {
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** The text of the signed time. */
  readonly timestamp: string;
};

/** Returns what was signed, in pieces; undefined when a header that belongs to it is missing. */
export type SignedContent = (source: ContentSource) => readonly Uint8Array[] | undefined;

const PLACEHOLDER = /(\{body\}|\{timestamp\}|\{header:[A-Za-z0-9-]{1,64}\})/;

/**
 * Compiles a template of what is signed: `{body}`, `{timestamp}`, `{header:name}` and text around them. The body is
 * never copied; headers count as the bytes that came over the wire.
 */
export function compileContent(template: string): SignedContent {
  const parts = template
    .split(PLACEHOLDER)
    .filter((part) => part !== '')
    .map(toPart);
  return (source) => {
    const pieces: Uint8Array[] = [];
    for (const part of parts) {
      const piece = part(source);
      if (piece === undefined) return undefined;
      pieces.push(piece);
    }
    return pieces;
  };
}

function toPart(part: string): (source: ContentSource) => Uint8Array | undefined {
  if (part === '{body}') return ({ body }) => body;
  if (part === '{timestamp}') return ({ timestamp }) => Buffer.from(timestamp);
  if (PLACEHOLDER.test(part)) {
    const name = part.slice('{header:'.length, -1).toLowerCase();
    return ({ headers }) => {
      const value = readHeader(headers, name);
      // Node reads the bytes of a header as Latin-1.
      return value === undefined ? undefined : Buffer.from(value, 'latin1');
    };
  }
  const text = Buffer.from(part);
  return () => text;
}
