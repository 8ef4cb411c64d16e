import { EVENT_ID_PATTERN, SOURCE_ID_PATTERN } from '@sluice/contracts/event';
import { IDEMPOTENCY_KEY_PATTERN } from '@sluice/contracts/submission';
import { InvalidArgumentError } from 'commander';
import { findEncoding } from './encoding.ts';

/** Reads a whole number between two bounds, both allowed. @throws InvalidArgumentError */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** Reads a number between two bounds, both allowed. @throws InvalidArgumentError */
export function decimalNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a number from ${min} to ${max}.`);
  };
}

/** Reads the name of a source. @throws InvalidArgumentError */
export function sourceId(text: string): string {
  if (SOURCE_ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 64 characters of A-Z a-z 0-9 _ . -');
}

/** Reads the id of an event. @throws InvalidArgumentError */
export function eventId(text: string): string {
  if (EVENT_ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('Expected evt_ and 32 hex digits.');
}

/** Reads an idempotency key. @throws InvalidArgumentError */
export function idempotencyKey(text: string): string {
  if (IDEMPOTENCY_KEY_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 256 printable ASCII characters.');
}

/** Reads the encoding of a file. @throws InvalidArgumentError */
export function fileEncoding(label: string): string {
  const encoding = findEncoding(label);
  if (encoding !== undefined) return encoding;
  throw new InvalidArgumentError(
    'Expected utf-8, utf-16le, utf-16be, or one with a byte for each character like windows-1252 or latin1; convert other files to UTF-8.',
  );
}

/** Reads the number of a revision. @throws InvalidArgumentError */
export function revisionNumber(text: string): string {
  if (/^[1-9]\d{0,8}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a whole number from 1 to 999999999.');
}
