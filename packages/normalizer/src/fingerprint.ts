import { hash } from 'node:crypto';

/** The name of a kind of failure, and the masked text that people read. */
export type Fingerprint = { readonly fingerprint: string; readonly text: string };

/** Messages are cut to this many characters before masking. */
const MAX_MESSAGE_LENGTH = 1000;

/** What differs between two failures of one kind, in the order in which it is masked. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/"[^"]*"|`[^`]*`|(?<!\w)'[^']*'/g, '<value>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b[a-z]{1,8}_[0-9a-z]*\d[0-9a-z]*\b/gi, '<id>'],
  [/\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, '<id>'],
  [/[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?/gi, '<n>'],
];

/**
 * Groups failures: masks quoted values, times, ids and numbers in the message, and hashes what is left together
 * with code and stage. `fingerprint` is 16 hex digits, `text` is `<code>: <masked message>`.
 */
export function toFingerprint(code: string, message: string, stage: string): Fingerprint {
  let masked = message.slice(0, MAX_MESSAGE_LENGTH).replace(/\s+/g, ' ').trim();
  for (const [pattern, mask] of MASKS) masked = masked.replace(pattern, mask);
  const fingerprint = hash('sha256', `${stage}\0${code}\0${masked}`).slice(0, 16);
  return { fingerprint, text: `${code}: ${masked}` };
}
