/*
 * What one fold takes: changes, the oldest first, and of the last of them as many seconds as there is room for. Every
 * bucket that a fold touches is read and written as a whole, and may hold 500 series, so what counts is what it finds.
 */
import type { FindCursor } from 'mongodb';
import type { RollupChangeDocument, RollupDocument } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { type BucketValues, findBuckets, type KnownBuckets, toBuckets } from './rollup-buckets.ts';
import { toChangeFilter, toRollupChanges } from './rollup-changes.ts';
import type { InTransaction } from './transaction.ts';

/** How much a fold takes at most, but always a second of a source. */
export type PortionLimits = {
  readonly maxChanges: number;
  /** Seconds of sources, each of which is in a bucket of every unit. */
  readonly maxSeconds: number;
  /** Series of metrics: in the changes that are read, and again in the buckets they touch. */
  readonly maxSeries: number;
};

/** A change of which a part is taken, and what is left of it. */
export type BegunChange = { readonly change: RollupChangeDocument; readonly rest: readonly BucketValues[] };

/** What a fold is to do, and the buckets that are there already. */
export type Portion = {
  /** Those that are taken as a whole. */
  readonly changes: readonly RollupChangeDocument[];
  readonly begun: BegunChange | null;
  readonly values: readonly BucketValues[];
  readonly known: KnownBuckets;
  readonly hasMore: boolean;
};

/** Buckets that are looked up at once: of 500 series each, so many are less than MongoDB sends in one answer. */
const LOOK_UP_COUNT = 100;

/** Reads what the next fold takes. */
export async function readPortion(
  connection: StoreConnection,
  limits: PortionLimits,
  options: InTransaction,
): Promise<Portion> {
  const { found, hasMore } = await readChanges(connection, limits, options);
  const values = found.flatMap((change) => change.values).slice(0, limits.maxSeconds);
  const { known, count } = await readBuckets(connection, values, limits.maxSeries, options);
  const { changes, begun } = cut(found, count);
  return {
    ...{ changes, begun, known, values: values.slice(0, count) },
    hasMore: hasMore || changes.length < found.length,
  };
}

async function readChanges(
  connection: StoreConnection,
  { maxChanges, maxSeconds, maxSeries }: PortionLimits,
  options: InTransaction,
): Promise<{ readonly found: readonly RollupChangeDocument[]; readonly hasMore: boolean }> {
  const found: RollupChangeDocument[] = [];
  let seconds = 0;
  let series = 0;
  const cursor: FindCursor<RollupChangeDocument> = toRollupChanges(connection).find(toChangeFilter(), {
    ...options,
    sort: { _id: 1 },
    limit: maxChanges + 1,
    batchSize: maxChanges + 2,
  });
  for await (const change of cursor) {
    if (found.length >= maxChanges || seconds >= maxSeconds || series >= maxSeries)
      return { found, hasMore: true };
    found.push(change);
    seconds += change.values.length;
    for (const values of change.values) series += values.series.length;
  }
  return { found, hasMore: false };
}

/** Finds the buckets of as many values as there is room for, but of one at least. */
async function readBuckets(
  connection: StoreConnection,
  values: readonly BucketValues[],
  maxSeries: number,
  options: InTransaction,
): Promise<{ readonly known: KnownBuckets; readonly count: number }> {
  const known = new Map<string, RollupDocument>();
  const met = new Set<string>();
  let series = 0;
  for (let start = 0; start < values.length; ) {
    const ids = new Set<string>();
    let end = start;
    for (; end < values.length && (end === start || ids.size < LOOK_UP_COUNT); end += 1) {
      for (const { id } of toBuckets(values[end] as BucketValues)) if (!met.has(id)) ids.add(id);
    }
    for (const bucket of await findBuckets(connection, [...ids], options)) known.set(bucket._id, bucket);
    for (; start < end; start += 1) {
      const value = values[start] as BucketValues;
      const fresh = toBuckets(value).filter(({ id }) => !met.has(id));
      for (const { id } of fresh) series += value.series.length + (known.get(id)?.series.length ?? 0);
      if (series > maxSeries && start > 0) return { known, count: start };
      for (const { id } of fresh) met.add(id);
    }
  }
  return { known, count: values.length };
}

function cut(found: readonly RollupChangeDocument[], count: number): Pick<Portion, 'changes' | 'begun'> {
  let left = count;
  for (const [index, change] of found.entries()) {
    if (change.values.length > left) {
      const begun = left === 0 ? null : { change, rest: change.values.slice(left) };
      return { changes: found.slice(0, index), begun };
    }
    left -= change.values.length;
  }
  return { changes: found, begun: null };
}
