import type { Rejection } from '@sluice/contracts/rejection';
import { mongo } from 'mongoose';
import { type RejectionDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { toStorable } from './storable.ts';

/** The refused requests, of which the newest 32 MiB are kept. */
export type Rejections = {
  /**
   * Keeps refused requests; long headers, paths and bodies are cut.
   *
   * @throws DependencyAwayError
   */
  insertMany(rejections: readonly Rejection[]): Promise<void>;
  /**
   * Counts what is kept, by code.
   *
   * @throws DependencyAwayError
   */
  countByCode(): Promise<ReadonlyMap<string, number>>;
};

const MAX_BODY_BYTES = 4_096;
const MAX_TEXT_LENGTH = 1_024;
const MAX_HEADERS = 64;

/** Creates the store of rejections; `timeoutMs` is the connection's operation timeout by default. */
export function createRejections(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Rejections {
  const collection = toCollection(connection, 'rejections');

  async function insertMany(rejections: readonly Rejection[]): Promise<void> {
    if (rejections.length === 0) return;
    await within(timeoutMs, (signal) =>
      collection.insertMany(rejections.map(toDocument), toWriteOptions(signal)),
    );
  }

  async function countByCode(): Promise<ReadonlyMap<string, number>> {
    const found = await within(timeoutMs, (signal) =>
      collection
        .aggregate<{ _id: string; n: number }>(
          [{ $sort: { code: 1 } }, { $group: { _id: '$code', n: { $sum: 1 } } }],
          {
            signal,
            maxTimeMS: timeoutMs,
          },
        )
        .toArray(),
    );
    return new Map(found.map(({ _id, n }) => [_id, n]));
  }

  return { insertMany, countByCode };
}

function toDocument(rejection: Rejection): RejectionDocument {
  const { source, cause, detail, path, headers, body } = rejection;
  const kept = Object.entries(headers)
    .slice(0, MAX_HEADERS)
    .map(([name, value]) => [cut(name), cut(value)]);
  return {
    ...rejection,
    _id: new mongo.ObjectId(),
    source: source === null ? null : cut(source),
    cause: cut(cause),
    detail: cut(detail),
    path: cut(path),
    headers: toStorable(Object.fromEntries(kept)),
    body: body.subarray(0, MAX_BODY_BYTES),
  };
}

function cut(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH);
}
