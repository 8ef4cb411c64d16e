/**
 * Which data a backup is of. The first replicator names the primary's dataset, and the backup is given the same name. A
 * primary that was emptied has no name, or gets another one: it never meets a backup of what it lost.
 */
import { randomUUID } from 'node:crypto';
import type { StoreConnection } from '@sluice/store/connection';
import { toWriteOptions, within } from '@sluice/store/deadline';
import type { Collection } from 'mongodb';

/** The name of a dataset, as both sides hold it (`resume_tokens`); `origin` names the one database that it was given to. */
type DatasetDocument = { readonly _id: 'dataset'; readonly id: string; readonly origin?: string };

/** Whether the backup is of the primary's data: `named` = it is from now on; `foreign` = it is of other data. */
export type DatasetMatch =
  | { readonly kind: 'same' | 'named'; readonly origin: string }
  | { readonly kind: 'foreign' };

const DATASET_ID = 'dataset';
const TIMEOUT_MS = 5000;

/**
 * Compares the datasets of both sides, and names what has no name yet, unless only the backup has one.
 *
 * @throws DependencyAwayError
 */
export async function matchDatasets(
  primary: StoreConnection,
  backup: StoreConnection,
): Promise<DatasetMatch> {
  const [here, there] = await Promise.all([read(primary), read(backup)]);
  if (there !== null && there.id !== here?.id) return { kind: 'foreign' };
  const { id, origin } = await name(primary, here?.id ?? randomUUID());
  if (there === null) await name(backup, id);
  return { kind: there === null ? 'named' : 'same', origin };
}

/**
 * Makes the backup one of the primary's dataset, whatever it was of. Nothing on it changes by that.
 *
 * @throws DependencyAwayError
 */
export async function adoptDataset(primary: StoreConnection, backup: StoreConnection): Promise<void> {
  const { id } = await name(primary, randomUUID());
  await within(TIMEOUT_MS, (signal) =>
    toDatasets(backup).updateOne(
      { _id: DATASET_ID },
      { $set: { id } },
      { upsert: true, ...toWriteOptions(signal) },
    ),
  );
}

function toDatasets({ db }: StoreConnection): Collection<DatasetDocument> {
  return db.collection<DatasetDocument>('resume_tokens');
}

function read(connection: StoreConnection): Promise<DatasetDocument | null> {
  return within(TIMEOUT_MS, (signal) =>
    toDatasets(connection).findOne({ _id: DATASET_ID }, { signal, readConcern: { level: 'majority' } }),
  );
}

/** Names a dataset that has no name yet, and tells what it is called. */
async function name(connection: StoreConnection, id: string): Promise<Required<DatasetDocument>> {
  const found = await within(TIMEOUT_MS, (signal) =>
    toDatasets(connection).findOneAndUpdate(
      { _id: DATASET_ID },
      [{ $set: { id: { $ifNull: ['$id', id] }, origin: { $ifNull: ['$origin', randomUUID()] } } }],
      { upsert: true, returnDocument: 'after', ...toWriteOptions(signal) },
    ),
  );
  if (found?.origin === undefined) throw new Error('The dataset was named, but has no name.');
  return { ...found, origin: found.origin };
}
