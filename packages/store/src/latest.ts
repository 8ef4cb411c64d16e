/**
 * The latest state: the newest known value of each field of each subject.
 *
 *  1. Callers' records join the round that is forming; it leaves when the one before it is written (no timer). So a
 *     subject that many callers bring is written once, and the callers of one process never conflict.
 *  2. A round is reduced to one update per subject, and each field to its newest value.
 *  3. The updates go in one transaction: a third of the cost of retryable single updates, measured.
 *  4. If another process writes one of the same subjects, or MongoDB refuses one of the documents, they go singly:
 *     each update is atomic, idempotent and independent of order by itself.
 *  5. A subject to which made-up names give ever more fields is cut back to those it had first: one subject of some
 *     rounds, and each whose document is refused, before it is tried once more.
 */
import type { AnyBulkWriteOperation, Filter } from 'mongodb';
import { type LatestDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import {
  type LatestRecord,
  MAX_FIELDS,
  MAX_VALUE_BYTES,
  reduceLatest,
  type SubjectUpdate,
  toFieldKey,
} from './latest-fields.ts';
import { toStorable } from './storable.ts';
import { isDocumentRefused, isTooLarge, toWriteFailures } from './store-error.ts';
import { transact } from './transaction.ts';

/** Where the newest values are written. */
export type Latest = {
  /**
   * Takes over what is newer in some normalized events. Applying them again, in another order or by several
   * processes at once ends in the same state; a subject with more than MAX_FIELDS of them is left, some rounds later, with
   * those that came first.
   *
   * @throws DependencyAwayError when MongoDB is away; any part may be applied
   */
  apply(records: readonly LatestRecord[]): Promise<void>;
};

/** How to write the latest state. */
export type LatestOptions = {
  /** The deadline of a round; 10 s by default. */
  readonly timeoutMs?: number;
  /** Told of the `_id` of a subject whose document MongoDB refuses (too large); trying again would not help. */
  readonly onRefused?: (id: string) => void;
};

type Upsert = Extract<AnyBulkWriteOperation<LatestDocument>, { updateOne: unknown }> & {
  readonly id: string;
};
type Trim = Extract<AnyBulkWriteOperation<LatestDocument>, { updateOne: unknown }>;
type Failures = NonNullable<ReturnType<typeof toWriteFailures>>;
type Round = { readonly records: LatestRecord[]; readonly written: PromiseWithResolvers<void> };

/**
 * In one of so many rounds a subject is looked at for too many fields. In each it would make a round of one subject a tenth
 * slower, and asked of each subject it would cost as much as the updates themselves.
 */
export const TRIM_ROUNDS = 8;

const FIELDS = { $objectToArray: { $ifNull: ['$fields', {}] } };

/**
 * More than a value ever takes up that is taken over, with its times and as MongoDB counts it. Larger ones are from before
 * there was a bound.
 */
const MAX_FIELD_BYTES = 4 * MAX_VALUE_BYTES;

/** Keeps the fields that were there first: MongoDB adds new ones at the end. */
const TRIMMED = {
  $arrayToObject: {
    $slice: [
      { $filter: { input: FIELDS, cond: { $lte: [{ $bsonSize: '$$this.v' }, MAX_FIELD_BYTES] } } },
      MAX_FIELDS,
    ],
  },
};

/** Creates the writer of the latest state; one for each process. */
export function createLatest(
  connection: StoreConnection,
  { timeoutMs = 10_000, onRefused }: LatestOptions = {},
): Latest {
  const collection = toCollection(connection, 'latest');
  let forming: Round | undefined;
  let isWriting = false;
  let rounds = 0;

  function apply(records: readonly LatestRecord[]): Promise<void> {
    forming ??= { records: [], written: Promise.withResolvers<void>() };
    forming.records.push(...records);
    const { written } = forming;
    if (!isWriting) void writeRounds();
    return written.promise;
  }

  /** Never rejects: callers hear of trouble through their round. */
  async function writeRounds(): Promise<void> {
    isWriting = true;
    while (forming !== undefined) {
      const { records, written } = forming;
      forming = undefined;
      await write(records).then(written.resolve, written.reject);
    }
    isWriting = false;
  }

  async function write(records: readonly LatestRecord[]): Promise<void> {
    const upserts = [...reduceLatest(records)].map(([id, update]) => toUpsert(id, update));
    if (upserts.length === 0) return;
    if (!(await writeTogether(upserts))) await within(timeoutMs, (signal) => writeSingly(upserts, signal));
  }

  async function writeTogether(upserts: readonly Upsert[]): Promise<boolean> {
    rounds += 1;
    const trims = rounds % TRIM_ROUNDS === 0 ? toTrims(upserts) : [];
    try {
      const { result } = await transact(connection, timeoutMs, async (options) => {
        await collection.bulkWrite([...upserts.map(toOperation), ...trims], options);
        return 'committed';
      });
      return result === 'committed';
    } catch (error) {
      if (isDocumentRefused(error)) return false;
      throw error;
    }
  }

  async function writeSingly(upserts: readonly Upsert[], signal: AbortSignal): Promise<void> {
    const trimmed = new Set<Upsert>();
    let open = upserts;
    while (open.length > 0) {
      signal.throwIfAborted();
      const failures = await tryAll(open, signal);
      const refused = toFailed(open, failures, false);
      for (const upsert of refused) if (trimmed.has(upsert)) onRefused?.(upsert.id);
      const full = refused.filter((upsert) => !trimmed.has(upsert));
      if (full.length > 0) await trim(full, signal);
      for (const upsert of full) trimmed.add(upsert);
      // Two first events of a subject raced to insert it: the second try finds it.
      open = [...toFailed(open, failures, true), ...full];
    }
  }

  async function trim(upserts: readonly Upsert[], signal: AbortSignal): Promise<void> {
    const trims = upserts.map(({ id }) => toTrim({ _id: id }));
    await collection.bulkWrite(trims, { ordered: false, ...toWriteOptions(signal) });
  }

  async function tryAll(upserts: readonly Upsert[], signal: AbortSignal): Promise<Failures> {
    try {
      await collection.bulkWrite(upserts.map(toOperation), { ordered: false, ...toWriteOptions(signal) });
      return [];
    } catch (error) {
      const failures = toWriteFailures(error);
      if (failures !== null) return failures;
      // The driver refuses to write one of them down, and sends none then.
      if (isTooLarge(error)) return tryEach(upserts, signal);
      throw error;
    }
  }

  async function tryEach(upserts: readonly Upsert[], signal: AbortSignal): Promise<Failures> {
    if (upserts.length === 1) return [{ index: 0, isDuplicate: false }];
    const failures: Failures[number][] = [];
    for (const [index, upsert] of upserts.entries()) {
      for (const failure of await tryAll([upsert], signal)) failures.push({ ...failure, index });
    }
    return failures;
  }

  return { apply };
}

function toOperation({ updateOne }: Upsert): AnyBulkWriteOperation<LatestDocument> {
  return { updateOne };
}

function toFailed(upserts: readonly Upsert[], failures: Failures, isRaced: boolean): Upsert[] {
  const indexes = new Set(
    failures.filter(({ isDuplicate }) => isDuplicate === isRaced).map(({ index }) => index),
  );
  return upserts.filter((_, index) => indexes.has(index));
}

/**
 * Makes the update that cuts back one subject of a round, by chance, if it has too many fields. The more often a subject
 * is updated the sooner it is looked at.
 */
function toTrims(upserts: readonly Upsert[]): readonly Trim[] {
  const chosen = upserts[Math.floor(Math.random() * upserts.length)];
  if (chosen === undefined) return [];
  return [toTrim({ _id: chosen.id, $expr: { $gt: [{ $size: FIELDS }, MAX_FIELDS] } })];
}

function toTrim(filter: Filter<LatestDocument>): Trim {
  return { updateOne: { filter, update: [{ $set: { fields: TRIMMED } }] } };
}

/**
 * `$max` compares documents field by field, in order: by `t`, then `r`, then `i`. So one operator per field keeps the
 * newest, whatever is there and whoever writes at the same time, without reading first.
 */
function toUpsert(id: string, update: SubjectUpdate): Upsert {
  const { tenant, source, type, subject, timestamp } = update;
  const fields = Object.fromEntries(
    [...update.fields].map(([name, { t, r, i, v }]) => [
      `fields.${toFieldKey(name)}`,
      { t, r, i, v: toStorable(v) },
    ]),
  );
  return {
    id,
    updateOne: {
      filter: { _id: id },
      update: { $setOnInsert: { tenant, source, type, subject }, $max: { timestamp, ...fields } },
      upsert: true,
    },
  };
}
