/*
 * What a bulk changes in the rollups, written in the transaction that stores its events.
 *
 * A normalized event is inserted once, whatever is redelivered, retried or crashes, and what it adds to the rollups is
 * inserted with it: as one small document for the whole bulk. Whoever folds such documents into the rollups deletes
 * them in the same transaction (rollups.ts). So every event is counted exactly once, and never read again.
 *
 * They lie among the receipts, told apart by their ids, because so they are inserted by the command that inserts the
 * receipts of the bulk: at a light load, where a bulk is an event or two, one more command in the transaction was a
 * quarter of the cost of storing them.
 */
import type { BulkPlan } from '@sluice/contracts/bulk';
import type { NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import { toLatencyClass } from '@sluice/contracts/latency';
import type { StoredStatus } from '@sluice/contracts/status';
import { type Collection, type Filter, ObjectId } from 'mongodb';
import { type RollupChangeDocument, type StatusCounts, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toBucketStart } from './rollup-units.ts';
import { createRollupTally } from './rollup-values.ts';
import type { InTransaction } from './transaction.ts';

/** The time by which a record is counted: its own, or when it was received if it has none. */
function toRollupTime({
  timestamp,
  receivedAt,
}: Pick<NormalizedEventDocument, 'timestamp' | 'receivedAt'>): Date {
  return timestamp ?? receivedAt;
}

type Origin = Pick<RawEventDocument, 'tenant' | 'source' | 'receivedAt'>;

/** Returns the collection that holds changes, among other documents. */
export function toRollupChanges({ db }: Pick<StoreConnection, 'db'>): Collection<RollupChangeDocument> {
  return db.collection<RollupChangeDocument>('receipts');
}

/** Returns the filter that finds every change. */
export function toChangeFilter(): Filter<RollupChangeDocument> {
  return { _id: { $gte: 'rollup:', $lt: 'rollup;' } };
}

/** What changes rollups: new records and events, and other statuses of known ones. */
type Changing = Pick<BulkPlan, 'normalized' | 'rawInserts' | 'rawUpdates'>;

/**
 * Finds out what a plan changes in the rollups, for its transaction to write; null when it is nothing.
 *
 * @throws what MongoDB answers; the transaction is to be undone then
 */
export async function readRollupChange(
  connection: StoreConnection,
  plan: Changing,
  options: InTransaction,
): Promise<RollupChangeDocument | null> {
  return toRollupChange(plan, await findOrigins(connection, plan, options), new Date());
}

/**
 * Writes what updates of the status change in the rollups, where no bulk makes them: in the transaction of the updates.
 *
 * @throws what MongoDB answers; the transaction is to be undone then
 */
export async function writeStatusChanges(
  connection: StoreConnection,
  rawUpdates: BulkPlan['rawUpdates'],
  options: InTransaction,
): Promise<void> {
  const change = await readRollupChange(connection, { normalized: [], rawInserts: [], rawUpdates }, options);
  if (change !== null) await toRollupChanges(connection).insertOne(change, options);
}

async function findOrigins(
  connection: StoreConnection,
  { rawUpdates }: Changing,
  options: InTransaction,
): Promise<ReadonlyMap<string, Origin>> {
  if (rawUpdates.length === 0) return new Map();
  const found = await toCollection(connection, 'raw_events')
    .find<Origin & { readonly _id: string }>(
      { _id: { $in: rawUpdates.map(({ id }) => id) } },
      {
        ...options,
        projection: { tenant: 1, source: 1, receivedAt: 1 },
        batchSize: rawUpdates.length + 1,
      },
    )
    .toArray();
  return new Map(found.map((origin) => [origin._id, origin]));
}

/** Collects what a plan changes; `origins` tells of the events whose status it updates. Null when it is nothing. */
export function toRollupChange(
  plan: Changing,
  origins: ReadonlyMap<string, Origin>,
  at: Date,
): RollupChangeDocument | null {
  if (plan.normalized.length + plan.rawInserts.length + plan.rawUpdates.length === 0) return null;
  return {
    // Later ones of a process come after earlier ones.
    _id: `rollup:${new ObjectId().toHexString()}`,
    at,
    values: toValues(plan.normalized),
    ...toOutcomes(plan, origins),
  };
}

function toValues(normalized: BulkPlan['normalized']): RollupChangeDocument['values'] {
  const tallies = createGroups((origin: Grouped) => ({ ...origin, tally: createRollupTally() }));
  for (const document of normalized) {
    const second = toBucketStart('second', toRollupTime(document).getTime() / 1000);
    tallies.get(document, second).tally.addEvent(document);
  }
  return tallies.read().map(({ tenant, source, start, tally }) => ({
    ...{ tenant, source, second: start },
    ...tally.read(),
  }));
}

function toOutcomes(
  { rawInserts, rawUpdates }: Pick<BulkPlan, 'rawInserts' | 'rawUpdates'>,
  origins: ReadonlyMap<string, Origin>,
): Pick<RollupChangeDocument, 'received' | 'settled'> {
  const received = createGroups(({ tenant, source, start }: Grouped) => ({
    ...{ tenant, source, hour: start, counts: {} as StatusCounts, latency: {} as Record<string, number> },
  }));
  const settled = createGroups(({ tenant, source }: Grouped) => ({
    ...{ tenant, source, accepted: 0, counts: {} as StatusCounts, latency: {} as Record<string, number> },
  }));

  function countReceived(origin: Origin, status: StoredStatus, by: number): void {
    const hour = toBucketStart('hour', origin.receivedAt.getTime() / 1000);
    const { counts } = received.get(origin, hour);
    counts[status] = (counts[status] ?? 0) + by;
  }

  function countSettled(origin: Origin, status: StoredStatus, accepted: number): void {
    const entry = settled.get(origin, 0);
    entry.accepted += accepted;
    entry.counts[status] = (entry.counts[status] ?? 0) + 1;
  }

  /** A replay says nothing of how late an event was stored: somebody decided when it came. */
  function countLatency(origin: Origin, { status, run }: Settled, at: Date): void {
    if (run !== 0 || (status !== 'normalized' && status !== 'duplicate')) return;
    const name = toLatencyClass(at.getTime() - origin.receivedAt.getTime());
    const hour = toBucketStart('hour', origin.receivedAt.getTime() / 1000);
    for (const { latency } of [received.get(origin, hour), settled.get(origin, 0)]) {
      latency[name] = (latency[name] ?? 0) + 1;
    }
  }

  for (const document of rawInserts) {
    countReceived(document, document.status, 1);
    countSettled(document, document.status, 1);
    countLatency(document, document, document.storedAt);
  }
  for (const { id, expect, set } of rawUpdates) {
    const origin = origins.get(id);
    if (origin === undefined) continue;
    countReceived(origin, expect.status, -1);
    countReceived(origin, set.status, 1);
    countSettled(origin, set.status, 0);
    countLatency(origin, set, set.updatedAt);
  }
  return { received: received.read(), settled: settled.read() };
}

type Settled = Pick<RawEventDocument, 'status' | 'run'>;

type Grouped = { readonly tenant: string; readonly source: string; readonly start: number };

/** Groups by tenant, source and time. Events of a bulk mostly are of the group of the one before. */
function createGroups<Entry>(create: (group: Grouped) => Entry) {
  const entries = new Map<string, Entry>();
  let last: (Grouped & { readonly entry: Entry }) | undefined;

  function get({ tenant, source }: Pick<Grouped, 'tenant' | 'source'>, start: number): Entry {
    if (last?.start === start && last.source === source && last.tenant === tenant) return last.entry;
    const key = `${tenant}\0${source}\0${start}`;
    const entry = entries.get(key) ?? create({ tenant, source, start });
    entries.set(key, entry);
    last = { tenant, source, start, entry };
    return entry;
  }

  return { get, read: () => [...entries.values()] };
}
