import { hash, randomBytes, randomInt } from 'node:crypto';
import { API_KEY_PATTERN } from '@sluice/contracts/access';

/** A new key: the whole of it goes to its holder, the id and the hash are stored. */
export type NewKey = { readonly id: string; readonly key: string; readonly hash: string };

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LETTERS = 12;
const ID_LENGTH = 'slk_'.length + ID_LETTERS;
const SECRET_BYTES = 32;

/** Makes a key of random bytes. */
export function createKey(): NewKey {
  const letters = Array.from({ length: ID_LETTERS }, () => LETTERS[randomInt(LETTERS.length)]);
  const id = `slk_${letters.join('')}`;
  const key = `${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { id, key, hash: hashKey(key) };
}

/** Returns the public part of a key; null for a text that is not of a key's form. */
export function toKeyId(presented: string): string | null {
  return API_KEY_PATTERN.test(presented) ? presented.slice(0, ID_LENGTH) : null;
}

/**
 * Returns the sha256 of a whole key, in hex. Nothing slower is needed: it stands for 256 random bits, which no amount
 * of guessing finds, and it is computed for every request.
 */
export function hashKey(key: string): string {
  return hash('sha256', key, 'hex');
}
