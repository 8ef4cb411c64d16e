import { decodeUtf8 } from './safe-json.ts';

const ENCODED = /%([0-9A-Fa-f]{2})/g;
const TO_ENCODE = /[^\x21-\x7e]|["%]/gu;

/**
 * Decodes percent-encoded UTF-8 once. `latin1` holds one character a byte, as Node gives headers. A percent sign that
 * encodes nothing stands for itself.
 *
 * @throws ProblemException ERR_UNICODE_INVALID
 */
export function decodePercent(latin1: string): string {
  const bytes = latin1.replace(ENCODED, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decodeUtf8(Buffer.from(bytes, 'latin1'));
}

/** Encodes well-formed text so that a header can hold it: white space, quotes, percent signs and all but ASCII. */
export function encodePercent(text: string): string {
  return text.replace(TO_ENCODE, (character) => encodeURIComponent(character));
}
