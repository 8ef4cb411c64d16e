import {
  type BulkPlan,
  type CommitResult,
  DocumentTooLargeError,
  type HashOwner,
  type KnownRaw,
  type LookedUp,
  type LookUp,
  type RawUpdate,
  toHashKey,
} from '@sluice/contracts/bulk';
import type { NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import type { Abortable, AnyBulkWriteOperation, FindOptions, Timestamp } from 'mongodb';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { findReceiptStates, writeReceipts } from './receipt-states.ts';
import { readRollupChange } from './rollup-changes.ts';
import { toStorable } from './storable.ts';
import { isTooLarge } from './store-error.ts';
import { type InTransaction, transact } from './transaction.ts';

/** Where settling looks events up and writes its plans. */
export type StoredEvents = {
  /**
   * Tells what MongoDB knows of ids, hashes and batches, confirmed by a majority, and at least as new as the last
   * conflict that `commit` met here.
   *
   * @throws DependencyAwayError
   */
  lookUp(query: LookUp): Promise<LookedUp>;
  /**
   * Writes a plan in one transaction, or nothing of it. Outcome fields that an update does not set are removed, and
   * that the event was discarded.
   *
   * @throws DependencyAwayError when MongoDB is away; whether the plan was written is then unknown: look up again
   * @throws DocumentTooLargeError when it holds what MongoDB cannot; nothing was written
   */
  commit(plan: BulkPlan): Promise<CommitResult>;
  /**
   * Reads the records that have these ids, in any order.
   *
   * @throws DependencyAwayError
   */
  readRecords(ids: readonly string[]): Promise<readonly NormalizedEventDocument[]>;
};

/** Of `history` the newest so many are kept. */
const HISTORY_COUNT = 50;

/** What an update of the status replaces as a whole, so that nothing of an earlier outcome stays. */
const OUTCOME_FIELDS = [
  'normalizedHash',
  'duplicateOf',
  'duplicateLevel',
  'code',
  'message',
  'fingerprint',
] as const satisfies readonly (keyof RawUpdate['set'])[];

/** Creates the event store; `lookUpTimeoutMs` is 2 s by default, `commitTimeoutMs` 10 s. */
export function createEventStore(
  connection: StoreConnection,
  { lookUpTimeoutMs = 2_000, commitTimeoutMs = 10_000 } = {},
): StoredEvents {
  let conflictTime: Timestamp | undefined;

  async function lookUp({ ids, hashes, batches }: LookUp): Promise<LookedUp> {
    return within(lookUpTimeoutMs, async (signal) => {
      const session = connection.client.startSession({ causalConsistency: true });
      try {
        if (conflictTime !== undefined) session.advanceOperationTime(conflictTime);
        const options: ReadOptions = {
          session,
          signal,
          maxTimeMS: lookUpTimeoutMs,
          readConcern: { level: 'majority' },
        };
        const [raw, owners, receipts] = await Promise.all([
          findRaw(connection, ids, options),
          findOwners(connection, hashes, options),
          findReceiptStates(connection, batches, options),
        ]);
        return { raw, owners, receipts };
      } finally {
        await session.endSession();
      }
    });
  }

  async function commit(plan: BulkPlan): Promise<CommitResult> {
    if (isEmpty(plan)) return 'committed';
    const { result, operationTime } = await transact(connection, commitTimeoutMs, (options) =>
      write(connection, plan, options),
    ).catch((cause: unknown) => {
      if (!isTooLarge(cause)) throw cause;
      throw new DocumentTooLargeError('It is larger than the 16 MiB that MongoDB can hold.', { cause });
    });
    if (
      result === 'conflict' &&
      operationTime !== undefined &&
      conflictTime?.greaterThan(operationTime) !== true
    ) {
      conflictTime = operationTime;
    }
    return result;
  }

  function readRecords(ids: readonly string[]): Promise<readonly NormalizedEventDocument[]> {
    return within(lookUpTimeoutMs, (signal) =>
      toCollection(connection, 'normalized_events')
        .find({ _id: { $in: [...ids] } }, { signal, maxTimeMS: lookUpTimeoutMs, batchSize: ids.length + 1 })
        .toArray(),
    );
  }

  return { lookUp, commit, readRecords };
}

type ReadOptions = FindOptions & Abortable;

async function findRaw(
  connection: StoreConnection,
  ids: readonly string[],
  options: ReadOptions,
): Promise<Map<string, KnownRaw>> {
  if (ids.length === 0) return new Map();
  const projection = { contentHash: 1, batch: 1, status: 1, run: 1, attempts: 1 };
  const found = await toCollection(connection, 'raw_events')
    .find({ _id: { $in: [...ids] } }, { ...options, projection, batchSize: ids.length + 1 })
    .toArray();
  return new Map(
    found.map(({ _id, contentHash, batch = null, status, run, attempts }) => [
      _id,
      { contentHash, batch, status, run, attempts },
    ]),
  );
}

async function findOwners(
  connection: StoreConnection,
  hashes: LookUp['hashes'],
  options: ReadOptions,
): Promise<Map<string, HashOwner>> {
  if (hashes.length === 0) return new Map();
  const byTenant = Map.groupBy(hashes, ({ tenant }) => tenant);
  const filters = [...byTenant].map(([tenant, group]) => ({
    tenant,
    normalizedHash: { $in: group.map(({ normalizedHash }) => normalizedHash) },
  }));
  const [first] = filters;
  const filter = filters.length === 1 && first !== undefined ? first : { $or: filters };
  const projection = { tenant: 1, normalizedHash: 1, contentHash: 1 };
  const found = await toCollection(connection, 'normalized_events')
    .find(filter, { ...options, projection, batchSize: hashes.length + 1 })
    .toArray();
  return new Map(
    found.map(({ _id, tenant, normalizedHash, contentHash }) => [
      toHashKey(tenant, normalizedHash),
      { id: _id, contentHash },
    ]),
  );
}

function isEmpty(plan: BulkPlan): boolean {
  return Object.values(plan).every((part) => part.length === 0);
}

async function write(
  connection: StoreConnection,
  plan: BulkPlan,
  options: InTransaction,
): Promise<CommitResult> {
  const raw = toCollection(connection, 'raw_events');
  if (plan.normalized.length > 0) {
    await toCollection(connection, 'normalized_events').insertMany(
      plan.normalized.map(toStoredNormalized),
      options,
    );
  }
  if (plan.rawInserts.length > 0) await raw.insertMany(plan.rawInserts.map(toStoredRaw), options);
  if (plan.rawUpdates.length > 0) {
    const { matchedCount } = await raw.bulkWrite(plan.rawUpdates.map(toStatusUpdate), options);
    if (matchedCount < plan.rawUpdates.length) return 'conflict';
  }
  const change = await readRollupChange(connection, plan, options);
  if ((await writeReceipts(connection, plan.receipts, change, options)) === 'conflict') return 'conflict';
  if (plan.inboxDone.length > 0) {
    await toCollection(connection, 'inbox').deleteMany({ _id: { $in: [...plan.inboxDone] } }, options);
  }
  return 'committed';
}

function toStoredNormalized(document: NormalizedEventDocument): NormalizedEventDocument {
  const { data, lineage, warnings } = document;
  return {
    ...document,
    data: toStorable(data),
    lineage: toStorable(lineage),
    warnings: toStorable(warnings),
  };
}

function toStoredRaw(document: RawEventDocument): RawEventDocument {
  return { ...document, headers: toStorable(document.headers) };
}

function toStatusUpdate({ id, expect, set, attempt }: RawUpdate): AnyBulkWriteOperation<RawEventDocument> {
  const gone = [...OUTCOME_FIELDS.filter((field) => set[field] === undefined), 'discarded'];
  const { status, run, attempts } = expect;
  return {
    updateOne: {
      filter: { _id: id, status, run, attempts },
      update: {
        $set: set,
        $unset: Object.fromEntries(gone.map((field) => [field, true as const])),
        ...(attempt === undefined
          ? {}
          : { $push: { history: { $each: [attempt], $slice: -HISTORY_COUNT } } }),
      },
    },
  };
}
