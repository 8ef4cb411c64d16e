/** How far a cluster's clock may be ahead of ours. */
const MAX_AHEAD_SECONDS = 3600;

/**
 * Tells whether a text can be a resume token of MongoDB: hexadecimal, beginning with the type of a timestamp (82)
 * and its seconds, which are not in the future. Tokens are in the order of the changes when compared as strings, so
 * a made-up one from the future would make a client wait for ever.
 */
export function isUsableToken(text: string, now: number): boolean {
  if (text.length > 4096 || !/^82[0-9A-F]{16,}$/.test(text)) return false;
  return toSeconds(text) <= now / 1000 + MAX_AHEAD_SECONDS;
}

/** Reads the time of a resume token, in epoch seconds. */
export function toSeconds(token: string): number {
  return Number.parseInt(token.slice(2, 10), 16);
}
