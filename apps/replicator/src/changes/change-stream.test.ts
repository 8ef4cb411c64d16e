import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { MongoNetworkError, MongoServerError } from 'mongodb';
import { expect, it } from 'vitest';
import { PositionLostError } from './change.ts';
import { toStreamError } from './change-stream.ts';

function toError(code: number, errorLabels: string[] = []): MongoServerError {
  return new MongoServerError({ message: 'No.', code, errorLabels });
}

it.each([
  ['a token that the oplog does not hold', toError(286), false, PositionLostError],
  ['whatever is said against a token', toError(50_811), true, PositionLostError],
  ['what may go well the next time', toError(234, ['ResumableChangeStreamError']), true, DependencyAwayError],
  ['a primary that is away', new MongoNetworkError('Gone.'), true, DependencyAwayError],
  ['anything else while it is read', toError(50_811), false, MongoServerError],
])('makes the right error of %s', (_what, cause, isResuming, expected) => {
  expect(toStreamError(cause, isResuming)).toBeInstanceOf(expected);
});
