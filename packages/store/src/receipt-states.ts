import {
  type BatchName,
  type BulkPlan,
  type CommitResult,
  type ReceiptDocument,
  toReceiptId,
} from '@sluice/contracts/bulk';
import type { Abortable, FindOptions } from 'mongodb';
import { type RollupChangeDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { type Folded, toFolded, toFoldedState } from './fold-receipts.ts';
import type { InTransaction } from './transaction.ts';

/**
 * Finds in which state batches are, by `toReceiptId`. A receipt that stands for itself wins; of others the sums of their
 * instances tell. Those are read later: a receipt that is folded meanwhile must not be in neither.
 *
 * @throws what MongoDB answers
 */
export async function findReceiptStates(
  connection: StoreConnection,
  batches: readonly BatchName[],
  options: FindOptions & Abortable,
): Promise<ReadonlyMap<string, ReceiptDocument['state']>> {
  if (batches.length === 0) return new Map();
  const instances = [...new Set(batches.map(({ instance }) => instance))];
  const found = await toCollection(connection, 'receipts')
    .find(
      { _id: { $in: batches.map(toReceiptId) } },
      { ...options, projection: { state: 1 }, batchSize: batches.length + 1 },
    )
    .toArray();
  const states = new Map(found.map(({ _id, state }) => [_id, state]));
  const folded = await findFolded(connection, instances, options);
  for (const batch of batches) {
    const id = toReceiptId(batch);
    const state = toFoldedState(folded.get(batch.instance), batch.seq);
    if (state !== undefined && !states.has(id)) states.set(id, state);
  }
  return states;
}

async function findFolded(
  connection: StoreConnection,
  instances: readonly string[],
  options: FindOptions & Abortable,
): Promise<ReadonlyMap<string, Folded>> {
  const found = await toCollection(connection, 'instances')
    .find(
      { _id: { $in: [...instances] }, folded: { $exists: true } },
      { ...options, projection: { folded: 1 } },
    )
    .toArray();
  return new Map(found.map((instance) => [instance._id, toFolded(instance)]));
}

/**
 * Writes the receipts of a bulk in its transaction, and with the same command what it changes in the rollups. `conflict` = one
 * that should replace a void receipt has none.
 *
 * @throws what MongoDB answers; the transaction is to be undone then
 */
export async function writeReceipts(
  connection: StoreConnection,
  all: BulkPlan['receipts'],
  change: RollupChangeDocument | null,
  options: InTransaction,
): Promise<CommitResult> {
  const at = new Date();
  const fresh = all.filter(({ replacesVoid }) => !replacesVoid);
  const revived = all.filter(({ replacesVoid }) => replacesVoid);
  const documents = fresh.map(({ instance, seq, accepted, merged }) => ({
    _id: toReceiptId({ instance, seq }),
    instance,
    seq,
    state: 'settled' as const,
    accepted,
    merged,
    at,
  }));
  if (documents.length > 0 || change !== null) {
    await connection.db
      .collection<ReceiptDocument | RollupChangeDocument>('receipts')
      .insertMany(change === null ? documents : [...documents, change], options);
  }
  return revived.length === 0 ? 'committed' : revive(connection, revived, at, options);
}

/** Settles void batches; of one whose receipt was folded it inserts a receipt, which wins over the sums. */
async function revive(
  connection: StoreConnection,
  revived: BulkPlan['receipts'],
  at: Date,
  options: InTransaction,
): Promise<CommitResult> {
  const { upsertedIds } = await toCollection(connection, 'receipts').bulkWrite(
    revived.map(({ instance, seq, accepted, merged }) => ({
      updateOne: {
        filter: { _id: toReceiptId({ instance, seq }), state: 'void' as const },
        update: {
          $set: { state: 'settled' as const, accepted, merged, uncounted: true as const, at },
          $setOnInsert: { instance, seq },
        },
        upsert: true,
      },
    })),
    options,
  );
  const inserted = revived.filter((_, index) => upsertedIds[index] !== undefined);
  if (inserted.length === 0) return 'committed';
  const folded = await findFolded(
    connection,
    [...new Set(inserted.map(({ instance }) => instance))],
    options,
  );
  const areVoid = inserted.every(({ instance, seq }) => toFoldedState(folded.get(instance), seq) === 'void');
  return areVoid ? 'committed' : 'conflict';
}
