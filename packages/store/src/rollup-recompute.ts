import { type RollupSecond, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { type BucketValues, type RollupBucket, replaceBuckets, toBucketId } from './rollup-buckets.ts';
import { type RollupUnit, toBucketStart, UNIT_SECONDS, UNITS } from './rollup-units.ts';
import { createRollupTally, type RolledValues } from './rollup-values.ts';
import type { InTransaction } from './transaction.ts';

/**
 * Reads seconds anew from the normalized events, and sums up the minutes, hours and days above them. Of events without
 * a time all those of the source are looked through, so this is for repairs, not for every event.
 */
export async function recomputeRollups(
  connection: StoreConnection,
  seconds: readonly RollupSecond[],
  options: InTransaction,
): Promise<void> {
  let changed = distinct(seconds.map(({ second, ...rest }) => ({ ...rest, unit: 'second', start: second })));
  await replaceBuckets(
    connection,
    await readAll(changed, (bucket) => readEvents(connection, bucket, options)),
    options,
  );
  for (const [index, unit] of UNITS.entries()) {
    const children = UNITS[index - 1];
    if (children === undefined) continue;
    changed = distinct(
      changed.map((bucket) => ({ ...bucket, unit, start: toBucketStart(unit, bucket.start) })),
    );
    const contents = await readAll(changed, (bucket) => readChildren(connection, bucket, children, options));
    await replaceBuckets(connection, contents, options);
  }
}

function distinct(buckets: readonly RollupBucket[]): RollupBucket[] {
  return [...new Map(buckets.map((bucket) => [toBucketId(bucket), bucket])).values()];
}

/** One after the other: a transaction does one thing at a time. */
async function readAll(
  buckets: readonly RollupBucket[],
  read: (bucket: RollupBucket) => Promise<readonly RolledValues[]>,
): Promise<BucketValues[]> {
  const contents: BucketValues[] = [];
  for (const bucket of buckets) contents.push({ bucket, values: await read(bucket) });
  return contents;
}

async function readEvents(
  connection: StoreConnection,
  { tenant, source, unit, start }: RollupBucket,
  options: InTransaction,
): Promise<readonly RolledValues[]> {
  const range = toRange(start, unit);
  const events = toCollection(connection, 'normalized_events');
  const tally = createRollupTally();
  for (const time of [{ timestamp: range }, { timestamp: null, receivedAt: range }]) {
    const found = events.find({ tenant, source, ...time }, { ...options, projection: { type: 1, data: 1 } });
    for await (const event of found) tally.addEvent(event);
  }
  return [tally.read()];
}

function readChildren(
  connection: StoreConnection,
  { tenant, source, unit, start }: RollupBucket,
  children: RollupUnit,
  options: InTransaction,
): Promise<readonly RolledValues[]> {
  return toCollection(connection, 'rollups')
    .find({ tenant, unit: children, source, at: toRange(start, unit) }, { ...options, sort: { at: 1 } })
    .toArray();
}

function toRange(start: number, unit: RollupUnit): { readonly $gte: Date; readonly $lt: Date } {
  return { $gte: new Date(start * 1000), $lt: new Date((start + UNIT_SECONDS[unit]) * 1000) };
}
