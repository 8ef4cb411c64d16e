import type { mongo } from 'mongoose';
import { type RollupDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import type { RollupUnit } from './rollup-units.ts';
import { createRollupTally, type RolledValues } from './rollup-values.ts';
import type { InTransaction } from './transaction.ts';

/** A stretch of time of a source; it begins `start` seconds after the epoch. */
export type RollupBucket = {
  readonly tenant: string;
  readonly source: string;
  readonly unit: RollupUnit;
  readonly start: number;
};

/** A bucket, and what shall be in it. */
export type BucketValues = { readonly bucket: RollupBucket; readonly values: readonly RolledValues[] };

/** Names the document of a bucket. */
export function toBucketId({ tenant, source, unit, start }: RollupBucket): string {
  return `${tenant}\0${source}\0${unit}\0${start}`;
}

/** Adds values to what buckets hold; each bucket may be named once. */
export async function addToBuckets(
  connection: StoreConnection,
  additions: readonly BucketValues[],
  options: InTransaction,
): Promise<void> {
  if (additions.length === 0) return;
  const rollups = toCollection(connection, 'rollups');
  const found = await rollups
    .find(
      { _id: { $in: additions.map(({ bucket }) => toBucketId(bucket)) } },
      { ...options, batchSize: additions.length + 1 },
    )
    .toArray();
  const known = new Map(found.map((document) => [document._id, document]));
  const writes = additions.map(({ bucket, values }): mongo.AnyBulkWriteOperation<RollupDocument> => {
    const before = known.get(toBucketId(bucket));
    if (before === undefined) return { insertOne: { document: toDocument(bucket, values) } };
    // What is there comes first: it keeps its place when there are too many metrics.
    const { _id, ...replacement } = toDocument(bucket, [before, ...values]);
    return { replaceOne: { filter: { _id }, replacement } };
  });
  await rollups.bulkWrite(writes, { ...options, ordered: false });
}

function toDocument(bucket: RollupBucket, values: readonly RolledValues[]): RollupDocument {
  const { tenant, source, unit, start } = bucket;
  const tally = createRollupTally();
  for (const part of values) tally.addValues(part);
  return { _id: toBucketId(bucket), tenant, source, unit, at: new Date(start * 1000), ...tally.read() };
}
