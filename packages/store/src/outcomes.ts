/*
 * How many events have which status, by hour of arrival, and how many got one lately. Both are sums of what bulks wrote
 * down in their transactions (rollup-changes.ts), so asking for them counts no events.
 */
import type { Rates } from '@sluice/contracts/rates';
import type { mongo } from 'mongoose';
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

/** How long it is known what happened in a second: longer than anybody asks for it. */
const KEEP_SETTLED_MS = 3_600_000;

const MINUTE_MS = 60_000;

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
    for (const { tenant, source, hour, counts } of received) {
      add({ tenant, source, kind: 'received', at: new Date(hour * 1000) }, toPaths(counts));
    }
    const second = new Date(toBucketStart('second', at.getTime() / 1000) * 1000);
    const expiresAt = new Date(second.getTime() + KEEP_SETTLED_MS);
    for (const { tenant, source, accepted, counts } of settled) {
      add({ tenant, source, kind: 'settled', at: second, expiresAt }, { accepted, ...toPaths(counts) });
    }
  }
  return [...additions.values()];
}

function toPaths(counts: StatusCounts): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([status, count]) => [`counts.${status}`, count]));
}

function toUpsert({ _id, counts, ...fixed }: Addition): mongo.AnyBulkWriteOperation<OutcomeDocument>[] {
  const changed = Object.entries(counts).filter(([, count]) => count !== 0);
  if (changed.length === 0) return [];
  const update = { $inc: Object.fromEntries(changed), $setOnInsert: fixed };
  return [{ updateOne: { filter: { _id }, update, upsert: true } }];
}

/**
 * Reads how many events a minute were settled lately, of all tenants, by outcome.
 *
 * @param options.timeoutMs the connection's operation timeout by default
 * @throws DependencyAwayError
 */
export async function readRates(
  connection: StoreConnection,
  nowMs: number,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Promise<Rates> {
  const found = await within(timeoutMs, (signal) =>
    toCollection(connection, 'outcomes')
      .find(
        { kind: 'settled', at: { $gte: new Date(nowMs - 5 * MINUTE_MS), $lte: new Date(nowMs) } },
        { signal, maxTimeMS: timeoutMs },
      )
      .toArray(),
  );
  return {
    lastMinute: toRate(
      found.filter(({ at }) => at.getTime() >= nowMs - MINUTE_MS),
      1,
    ),
    lastFiveMinutes: toRate(found, 5),
  };
}

function toRate(found: readonly OutcomeDocument[], minutes: number): Rates['lastMinute'] {
  const perMinute = (read: (document: OutcomeDocument) => number | undefined) =>
    found.reduce((sum, document) => sum + (read(document) ?? 0), 0) / minutes;
  return {
    accepted: perMinute(({ accepted }) => accepted),
    normalized: perMinute(({ counts }) => counts.normalized),
    duplicate: perMinute(({ counts }) => counts.duplicate),
    dead: perMinute(({ counts }) => counts.dead),
    failed: perMinute(({ counts }) => counts.failed),
  };
}
