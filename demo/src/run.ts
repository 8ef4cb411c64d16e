import { randomBytes, randomInt } from 'node:crypto';

/**
 * What one demo is made from: everything it sends follows from these three. `nonce` stands in names and keys, so
 * that a second demo on the same data meets nothing that the first one left.
 */
export type DemoRun = {
  readonly seed: number;
  readonly nonce: string;
  readonly startedAtMs: number;
};

/** The letters of a nonce: no digits, so that no number is read into a name that carries it. */
const LETTERS = 'bcdfghjkmnpqrstvwxz';
const NONCE_LENGTH = 6;

/** Begins a run of a seed now, under a nonce that no other run has. */
export function createRun(seed: number): DemoRun {
  const nonce = Array.from({ length: NONCE_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return { seed, nonce, startedAtMs: Date.now() };
}

/** Makes a secret for the webhooks of one demo, kept by nobody. */
export function createSecret(): string {
  return randomBytes(24).toString('base64url');
}
