import { DEFAULT_TENANT } from '@sluice/contracts/event';
import { ObjectId } from 'mongodb';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';

/** The most refusals that are looked at; older ones of a longer time are not counted. */
const MAX_COUNTED = 50_000;

/** How much room there is at most where the oldest refusals were overwritten: more than one of them takes. */
const FULL_BUT_BYTES = 256 * 1024;

/** How many requests were refused in the step that begins at `atMs`. */
type RejectedCount = { readonly atMs: number; readonly count: number };

/** Refusals of a time; before `knownFrom` some may have been forgotten, null when none of that time were. */
export type RejectedCounts = { readonly counts: readonly RejectedCount[]; readonly knownFrom: Date | null };

type Step = { readonly _id: number; readonly count: number; readonly oldest: ObjectId };

/**
 * Counts refused requests in steps of `stepMs` that begin at whole multiples of it, from the keys of an index alone; steps
 * without any are left out. What was refused of nobody's counts for the default tenant.
 *
 * @param options.timeoutMs the connection's operation timeout by default
 * @throws DependencyAwayError
 */
export async function readRejectedCounts(
  connection: StoreConnection,
  tenant: string,
  {
    fromMs,
    endMs,
    stepMs,
    source,
  }: {
    readonly fromMs: number;
    /** Refusals from this second on are left out; none by default. */
    readonly endMs?: number;
    readonly stepMs: number;
    readonly source?: string | undefined;
  },
  { timeoutMs = connection.operationTimeoutMs } = {},
): Promise<RejectedCounts> {
  const at = { $toLong: { $toDate: '$_id' } };
  const counting = within(timeoutMs, (signal) =>
    toCollection(connection, 'rejections')
      .aggregate<Step>(
        [
          {
            $match: {
              tenant: tenant === DEFAULT_TENANT ? { $in: [tenant, null] } : tenant,
              ...(source === undefined ? {} : { source }),
              _id: { $gte: toFirstId(fromMs), ...(endMs === undefined ? {} : { $lt: toFirstId(endMs) }) },
            },
          },
          { $sort: { _id: -1 } },
          { $limit: MAX_COUNTED },
          { $project: { _id: 1 } },
          {
            $group: {
              _id: { $subtract: [at, { $mod: [at, stepMs] }] },
              count: { $sum: 1 },
              oldest: { $min: '$_id' },
            },
          },
        ],
        { signal, maxTimeMS: timeoutMs },
      )
      .toArray(),
  );
  const [found, keptFromMs] = await Promise.all([counting, findKeptFrom(connection, fromMs, timeoutMs)]);
  const counted = found.reduce((sum, { count }) => sum + count, 0);
  const oldestMs = Math.min(...found.map(({ oldest }) => toEndMs(oldest)));
  const knownFromMs = Math.max(keptFromMs, counted < MAX_COUNTED ? fromMs : oldestMs);
  return {
    counts: found.map(({ _id, count }) => ({ atMs: Number(_id), count })),
    knownFrom: knownFromMs > fromMs ? new Date(knownFromMs) : null,
  };
}

/** Finds from when on every refusal is still kept, where older ones were overwritten; else `fromMs`. */
async function findKeptFrom(connection: StoreConnection, fromMs: number, timeoutMs: number): Promise<number> {
  const collection = toCollection(connection, 'rejections');
  return within(timeoutMs, async (signal) => {
    const options = { signal, maxTimeMS: timeoutMs };
    const oldest = await collection.findOne(
      {},
      { ...options, sort: { $natural: 1 }, projection: { _id: 1 } },
    );
    if (oldest === null || toEndMs(oldest._id) <= fromMs) return fromMs;
    const [stats] = await collection
      .aggregate<{ readonly size: number; readonly maxSize: number | null }>(
        [
          { $collStats: { storageStats: {} } },
          { $project: { size: '$storageStats.size', maxSize: { $ifNull: ['$storageStats.maxSize', null] } } },
        ],
        options,
      )
      .toArray();
    const isFull =
      stats !== undefined && stats.maxSize !== null && stats.size > stats.maxSize - FULL_BUT_BYTES;
    return isFull ? toEndMs(oldest._id) : fromMs;
  });
}

/** The end of the second of an id, in which others may have been forgotten. */
function toEndMs(id: ObjectId): number {
  return id.getTimestamp().getTime() + 1000;
}

/** The lowest id of a second; ids hold 32 bits of seconds. */
function toFirstId(ms: number): ObjectId {
  return ObjectId.createFromTime(Math.min(0xffff_ffff, Math.max(0, Math.floor(ms / 1000))));
}
