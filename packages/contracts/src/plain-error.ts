/**
 * An error whose message is written for a person in a terminal: plain sentences that say what is wrong and what to
 * do. A program that cannot start because of one prints the message alone.
 */
export class PlainError extends Error {
  override readonly name: string = 'PlainError';
}
