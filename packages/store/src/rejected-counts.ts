import { DEFAULT_TENANT } from '@sluice/contracts/event';
import { mongo } from 'mongoose';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';

/** The most refusals that are looked at; older ones of a longer time are not counted. */
const MAX_COUNTED = 50_000;

/** How many requests were refused in the step that begins at `atMs`. */
export type RejectedCount = { readonly atMs: number; readonly count: number };

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
): Promise<readonly RejectedCount[]> {
  const at = { $toLong: { $toDate: '$_id' } };
  const found = await within(timeoutMs, (signal) =>
    toCollection(connection, 'rejections')
      .aggregate<{ readonly _id: number; readonly count: number }>(
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
          { $group: { _id: { $subtract: [at, { $mod: [at, stepMs] }] }, count: { $sum: 1 } } },
        ],
        { signal, maxTimeMS: timeoutMs },
      )
      .toArray(),
  );
  return found.map(({ _id, count }) => ({ atMs: Number(_id), count }));
}

/** The lowest id of a second; ids hold 32 bits of seconds. */
function toFirstId(ms: number): mongo.ObjectId {
  return mongo.ObjectId.createFromTime(Math.min(0xffff_ffff, Math.max(0, Math.floor(ms / 1000))));
}
