/**
 * The latest state: the newest known value of each field of each subject.
 *
 *  1. Callers' records join the round that is forming; it leaves when the one before it is written (no timer). So a
 *     subject that many callers bring is written once, and the callers of one process never conflict.
 *  2. A round is reduced to one update per subject, and each field to its newest value.
 *  3. The updates go in one transaction: a third of the cost of retryable single updates, measured.
 *  4. If another process writes one of the same subjects, or MongoDB refuses one of the documents, they go singly:
 *     each update is atomic, idempotent and independent of order by itself.
 */
import type { AnyBulkWriteOperation } from 'mongodb';
import { type LatestDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { type LatestRecord, reduceLatest, type SubjectUpdate, toFieldKey } from './latest-fields.ts';
import { toStorable } from './storable.ts';
import { isDocumentRefused, isTooLarge, toWriteFailures } from './store-error.ts';
import { transact } from './transaction.ts';

/** Where the newest values are written. */
export type Latest = {
  /**
   * Takes over what is newer in some normalized events. Applying them again, in another order or by several
   * processes at once ends in the same state.
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
type Failures = NonNullable<ReturnType<typeof toWriteFailures>>;
type Round = { readonly records: LatestRecord[]; readonly written: PromiseWithResolvers<void> };

/** Creates the writer of the latest state; one for each process. */
export function createLatest(
  connection: StoreConnection,
  { timeoutMs = 10_000, onRefused }: LatestOptions = {},
): Latest {
  const collection = toCollection(connection, 'latest');
  let forming: Round | undefined;
  let isWriting = false;

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
    try {
      const { result } = await transact(connection, timeoutMs, async (options) => {
        await collection.bulkWrite(upserts.map(toOperation), options);
        return 'committed';
      });
      return result === 'committed';
    } catch (error) {
      if (isDocumentRefused(error)) return false;
      throw error;
    }
  }

  async function writeSingly(upserts: readonly Upsert[], signal: AbortSignal): Promise<void> {
    let open = upserts;
    while (open.length > 0) {
      signal.throwIfAborted();
      const failures = await tryAll(open, signal);
      for (const { index, isDuplicate } of failures) if (!isDuplicate) onRefused?.(open[index]?.id ?? '');
      // Two first events of a subject raced to insert it: the second try finds it.
      const again = new Set(failures.filter(({ isDuplicate }) => isDuplicate).map(({ index }) => index));
      open = open.filter((_, index) => again.has(index));
    }
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
