/*
 * How many events have which status, by hour of arrival, and how many got one lately. Both are sums of what bulks wrote
 * down in their transactions (rollup-changes.ts), so asking for them counts no events.
 */
import type { LatencyCounts } from '@sluice/contracts/latency';
import type { Rates } from '@sluice/contracts/rates';
import { COARSE_MS, COARSE_STEP_SECONDS, KEPT_MORE_MS, RECENT_MS } from '@sluice/contracts/time-steps';
import type { AnyBulkWriteOperation } from 'mongodb';
import {
  type OutcomeDocument,
  type RollupChangeDocument,
  type StatusCounts,
  toCollection,
} from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { toBucketStart } from './rollup-units.ts';
import type { InTransaction } from './transaction.ts';

const COARSE_STEP_MS = COARSE_STEP_SECONDS * 1000;

const MINUTE_MS = 60_000;

/** The longer of the two windows of rates. */
const LONG_MINUTES = 5;

type Addition = Pick<OutcomeDocument, '_id' | 'tenant' | 'source' | 'kind' | 'at'> & {
  readonly expiresAt?: Date;
  readonly counts: Record<string, number>;
};

/** Adds what changes say of outcomes, in the transaction that deletes those changes. */
export async function addOutcomes(
  connection: StoreConnection,
  changes: readonly RollupChangeDocument[],
  options: InTransaction,
): Promise<void> {
  const writes = toAdditions(changes).flatMap(toUpsert);
  if (writes.length === 0) return;
  await toCollection(connection, 'outcomes').bulkWrite(writes, { ...options, ordered: false });
}

function toAdditions(changes: readonly RollupChangeDocument[]): readonly Addition[] {
  const additions = new Map<string, Addition>();

  function add(addition: Omit<Addition, 'counts' | '_id'>, counts: Readonly<Record<string, number>>): void {
    const { tenant, source, kind, at } = addition;
    const _id = [tenant, source, kind, at.getTime() / 1000].join('\0');
    const known = additions.get(_id) ?? { _id, ...addition, counts: {} };
    for (const [name, count] of Object.entries(counts))
      known.counts[name] = (known.counts[name] ?? 0) + count;
    additions.set(_id, known);
  }

  for (const { at, received, settled } of changes) {
    for (const { tenant, source, hour, ...outcomes } of received) {
      add({ tenant, source, kind: 'received', at: new Date(hour * 1000) }, toPaths(outcomes));
    }
    const second = new Date(toBucketStart('second', at.getTime() / 1000) * 1000);
    const coarse = new Date(Math.floor(at.getTime() / COARSE_STEP_MS) * COARSE_STEP_MS);
    const expiresAt = new Date(second.getTime() + RECENT_MS + KEPT_MORE_MS);
    const coarseExpiresAt = new Date(coarse.getTime() + COARSE_STEP_MS + COARSE_MS + KEPT_MORE_MS);
    for (const { tenant, source, accepted, ...outcomes } of settled) {
      const counts = { accepted, ...toPaths(outcomes) };
      add({ tenant, source, kind: 'settled', at: second, expiresAt }, counts);
      add({ tenant, source, kind: 'settled3m', at: coarse, expiresAt: coarseExpiresAt }, counts);
    }
  }
  return [...additions.values()];
}

function toPaths({
  counts,
  latency = {},
}: {
  readonly counts: StatusCounts;
  readonly latency?: LatencyCounts;
}): Record<string, number> {
  return Object.fromEntries([
    ...Object.entries(counts).map(([status, count]) => [`counts.${status}`, count] as const),
    ...Object.entries(latency).map(([name, count]) => [`latency.${name}`, count] as const),
  ]);
}

function toUpsert({ _id, counts, ...fixed }: Addition): AnyBulkWriteOperation<OutcomeDocument>[] {
  const changed = Object.entries(counts).filter(([, count]) => count !== 0);
  if (changed.length === 0) return [];
  const update = { $inc: Object.fromEntries(changed), $setOnInsert: fixed };
  return [{ updateOne: { filter: { _id }, update, upsert: true } }];
}

/**
 * Reads how many events a minute were settled lately, by outcome.
 *
 * @param options.tenant only events of this tenant; of all of them by default
 * @param options.timeoutMs the connection's operation timeout by default
 * @throws DependencyAwayError
 */
export async function readRates(
  connection: StoreConnection,
  nowMs: number,
  {
    tenant,
    timeoutMs = connection.operationTimeoutMs,
  }: { readonly tenant?: string; readonly timeoutMs?: number } = {},
): Promise<Rates> {
  const range = { $gte: new Date(nowMs - LONG_MINUTES * MINUTE_MS), $lte: new Date(nowMs) };
  const found = await within(timeoutMs, (signal) =>
    toCollection(connection, 'outcomes')
      .aggregate<Sums & { readonly _id: 'late' | 'early' }>(
        [
          { $match: { kind: 'settled', at: range, ...(tenant === undefined ? {} : { tenant }) } },
          {
            $group: {
              _id: { $cond: [{ $gte: ['$at', new Date(nowMs - MINUTE_MS)] }, 'late', 'early'] },
              accepted: { $sum: '$accepted' },
              normalized: { $sum: '$counts.normalized' },
              duplicate: { $sum: '$counts.duplicate' },
              dead: { $sum: '$counts.dead' },
              failed: { $sum: '$counts.failed' },
            },
          },
        ],
        { signal, maxTimeMS: timeoutMs },
      )
      .toArray(),
  );
  const late = found.filter(({ _id }) => _id === 'late');
  return { lastMinute: toPerMinute(late, 1), lastFiveMinutes: toPerMinute(found, LONG_MINUTES) };
}

type Sums = Rates['lastMinute'];

function toPerMinute(sums: readonly Sums[], minutes: number): Sums {
  const of = (name: keyof Sums) => sums.reduce((sum, counts) => sum + counts[name], 0) / minutes;
  return {
    accepted: of('accepted'),
    normalized: of('normalized'),
    duplicate: of('duplicate'),
    dead: of('dead'),
    failed: of('failed'),
  };
}
