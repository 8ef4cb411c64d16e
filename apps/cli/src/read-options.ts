import { SOURCE_ID_PATTERN } from '@sluice/contracts/event';
import { IDEMPOTENCY_KEY_PATTERN } from '@sluice/contracts/submission';
import { InvalidArgumentError } from 'commander';

/** Reads a whole number between two bounds, both allowed. @throws InvalidArgumentError */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** Reads the name of a source. @throws InvalidArgumentError */
export function sourceId(text: string): string {
  if (SOURCE_ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 64 characters of A-Z a-z 0-9 _ . -');
}

/** Reads an idempotency key. @throws InvalidArgumentError */
export function idempotencyKey(text: string): string {
  if (IDEMPOTENCY_KEY_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 256 printable ASCII characters.');
}
