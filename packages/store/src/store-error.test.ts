import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { mongo } from 'mongoose';
import { expect, it } from 'vitest';
import { toStoreError } from './store-error.ts';

it.each([
  ['without a primary', 10107],
  ['out of disk', 14031],
  ['over its quota at Atlas', 8000],
])('calls a MongoDB away that is %s', (_what, code) => {
  const error = new mongo.MongoServerError({ message: 'Refused.', code });
  expect(toStoreError(error)).toBeInstanceOf(DependencyAwayError);
});

it('leaves what was wrong with the question as it is', () => {
  const error = new mongo.MongoServerError({ message: 'Refused.', code: 121 });
  expect(toStoreError(error)).toBe(error);
});
