import type { JsonValue } from '@sluice/contracts/json';
import type { PollSource } from '@sluice/contracts/source';

/** Thrown when an answer is not what the source's declaration says; the page counts as not read. */
export class AnswerError extends Error {
  override readonly name: string = 'AnswerError';
}

/** The most records that one answer may hold: five times the largest page that a source can declare. */
export const MAX_RECORDS = 50_000;

/** Returns the error of an answer that holds more than MAX_RECORDS. */
export function toTooMany(): AnswerError {
  return new AnswerError(
    `The answer holds more than ${MAX_RECORDS} records; declare a limitParam or a pageParam, so that it comes in pages.`,
  );
}

/** One record as an answer holds it: its own JSON with what that says, or why it cannot be read. */
export type Item =
  | { readonly body: string; readonly value: JsonValue }
  | { readonly problem: string; readonly body: string };

/** What the source's declaration says of its answers. */
export type AnswerShape = Pick<
  PollSource,
  'format' | 'delimiter' | 'recordsPath' | 'idPath' | 'versionPath' | 'cursor'
>;

/** The items of an answer in their order, and the next address that the answer names, if any. */
type Items = { readonly items: readonly Item[]; readonly next?: string };

/**
 * Reads the items of an answer; `isWhole` is false when nothing but the end of the connection told where it ends.
 *
 * @throws AnswerError when the answer as a whole cannot be read, or was cut
 */
export type ReadItems = (text: string, shape: AnswerShape, isWhole: boolean) => Items;
