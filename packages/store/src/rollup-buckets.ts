import type { AnyBulkWriteOperation } from 'mongodb';
import { type RollupChangeDocument, type RollupDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { type RollupUnit, toBucketStart, UNITS } from './rollup-units.ts';
import { createRollupTally, type RolledValues } from './rollup-values.ts';
import type { InTransaction } from './transaction.ts';

/** A stretch of time of a source; it begins `start` seconds after the epoch. */
export type RollupBucket = {
  readonly tenant: string;
  readonly source: string;
  readonly unit: RollupUnit;
  readonly start: number;
};

/** What is to be added for one second of a source. */
export type BucketValues = RollupChangeDocument['values'][number];

/** The buckets that are there already, by their ids. */
export type KnownBuckets = ReadonlyMap<string, RollupDocument>;

/** Names the document of a bucket. */
export function toBucketId({ tenant, source, unit, start }: RollupBucket): string {
  return `${tenant}\0${source}\0${unit}\0${start}`;
}

/** Returns the bucket of every unit that holds a second of a source. */
export function toBuckets({
  tenant,
  source,
  second,
}: BucketValues): readonly { readonly id: string; readonly bucket: RollupBucket }[] {
  return UNITS.map((unit) => {
    const bucket = { tenant, source, unit, start: toBucketStart(unit, second) };
    return { id: toBucketId(bucket), bucket };
  });
}

/** Finds those of some buckets that are there. */
export async function findBuckets(
  connection: StoreConnection,
  ids: readonly string[],
  options: InTransaction,
): Promise<readonly RollupDocument[]> {
  if (ids.length === 0) return [];
  return toCollection(connection, 'rollups')
    .find({ _id: { $in: [...ids] } }, { ...options, batchSize: ids.length + 1 })
    .toArray();
}

/** Adds values to their buckets of every unit; `known` has those of these that are there. */
export async function addToBuckets(
  connection: StoreConnection,
  values: readonly BucketValues[],
  known: KnownBuckets,
  options: InTransaction,
): Promise<void> {
  if (values.length === 0) return;
  const additions = new Map<string, { readonly bucket: RollupBucket; readonly parts: RolledValues[] }>();
  for (const part of values) {
    for (const { id, bucket } of toBuckets(part)) {
      const addition = additions.get(id);
      if (addition === undefined) additions.set(id, { bucket, parts: [part] });
      else addition.parts.push(part);
    }
  }
  const writes = [...additions].map(([id, { bucket, parts }]): AnyBulkWriteOperation<RollupDocument> => {
    const before = known.get(id);
    if (before === undefined) return { insertOne: { document: toDocument(bucket, parts) } };
    // What is there comes first: it keeps its place when there are too many metrics.
    const { _id, ...replacement } = toDocument(bucket, [before, ...parts]);
    return { replaceOne: { filter: { _id }, replacement } };
  });
  await toCollection(connection, 'rollups').bulkWrite(writes, { ...options, ordered: false });
}

function toDocument(bucket: RollupBucket, values: readonly RolledValues[]): RollupDocument {
  const { tenant, source, unit, start } = bucket;
  const tally = createRollupTally();
  for (const part of values) tally.addValues(part);
  return { _id: toBucketId(bucket), tenant, source, unit, at: new Date(start * 1000), ...tally.read() };
}
