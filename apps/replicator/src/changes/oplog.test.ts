import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { toStoreError } from '@sluice/store/store-error';
import { MongoNetworkError, MongoServerError } from 'mongodb';
import { expect, it } from 'vitest';
import { OplogNotReadError, toOplogError } from './oplog.ts';

const toError = (code: number): MongoServerError => new MongoServerError({ message: 'No.', code });

it.each([
  ['a user without the right', toError(13), OplogNotReadError],
  ['a user without the right, as a store says it', toStoreError(toError(13)), OplogNotReadError],
  ['a sharded cluster, which has none', toError(73), OplogNotReadError],
  ['an oplog that has gone on without the cursor', toError(136), OplogNotReadError],
  ['a primary that is none any more', toError(10_107), DependencyAwayError],
  ['a cursor that is gone', toError(43), DependencyAwayError],
  ['a primary that is away', new MongoNetworkError('Gone.'), DependencyAwayError],
  ['what is wrong here', new TypeError('Oh.'), TypeError],
])('makes the right error of %s', (_what, thrown, expected) => {
  expect(toOplogError(thrown)).toBeInstanceOf(expected);
});
