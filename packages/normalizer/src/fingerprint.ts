import { hash } from 'node:crypto';

/** The name of a kind of failure, and the masked text that people read. */
export type Fingerprint = { readonly fingerprint: string; readonly text: string };

/**
 * Rises with every change of what is masked: the same failure then has another fingerprint, and the two shall not be
 * taken for two kinds without a sign of why.
 */
const VERSION = 1;

/** Messages are cut to this many characters before masking. */
const MAX_MESSAGE_LENGTH = 1000;

/** What differs between two failures of one kind, in the order in which it is masked. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/"[^"]*"|`[^`]*`|(?<!\w)'[^']*'/g, '<value>'],
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s<>]+/gi, '<url>'],
  [/\b[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+\b/gi, '<email>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b/g, '<time>'],
  // A name alone could be a path of fields: only one with a port, or after what a resolver says, is a host.
  [/(?<=\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH) )[a-z0-9._:[\]-]+/gi, '<host>'],
  [/\blocalhost(?::\d+)?\b|\b[a-z0-9-]+(?:\.[a-z0-9-]+)+:\d{2,5}\b/gi, '<host>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\[[0-9a-f]*:[0-9a-f:.]+\](?::\d+)?/gi, '<host>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b[a-z]{1,8}_[0-9a-z]*\d[0-9a-z]*\b/gi, '<id>'],
  [/\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, '<id>'],
  [/[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?/gi, '<n>'],
];

/**
 * Groups failures: masks quoted values, addresses, hosts, times, ids and numbers in the message, and hashes what is
 * left together with code and stage. `fingerprint` is the version of the masks and 16 hex digits, like
 * `1-0123456789abcdef`; `text` is the masked message.
 */
export function toFingerprint(code: string, message: string, stage: string): Fingerprint {
  let masked = message.slice(0, MAX_MESSAGE_LENGTH).replace(/\s+/g, ' ').trim();
  for (const [pattern, mask] of MASKS) masked = masked.replace(pattern, mask);
  const digits = hash('sha256', `${stage}\0${code}\0${masked}`).slice(0, 16);
  return { fingerprint: `${VERSION}-${digits}`, text: masked };
}
