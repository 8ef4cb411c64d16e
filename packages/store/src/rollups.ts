/**
 * Rollups: count, sum, smallest and greatest of every metric per source and second, minute, hour and day.
 *
 *  1. A bulk that stores events writes what they add to the rollups in the same transaction (rollup-changes.ts).
 *  2. `fold` takes such changes, the oldest first, puts together those of the same buckets, adds them to the rollups and
 *     deletes them: in one transaction, on one snapshot.
 *  3. Two that fold at once take the same changes, and MongoDB refuses the one that comes later: nothing is added twice.
 *     One that dies leaves nothing behind, but what it had written is locked until MongoDB gives its transaction up
 *     (60 s by default).
 *
 * A hot second costs one write for each fold, however many events it has.
 */
import type { RollupChangeDocument } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { addOutcomes } from './outcomes.ts';
import { addToBuckets, type BucketValues, type RollupBucket, toBucketId } from './rollup-buckets.ts';
import { toChangeFilter, toRollupChanges } from './rollup-changes.ts';
import { toBucketStart, UNITS } from './rollup-units.ts';
import type { RolledValues } from './rollup-values.ts';
import { type InTransaction, transact } from './transaction.ts';

/** What a fold did. */
export type Folded = {
  /** How many changes it took. */
  readonly changes: number;
  /** Whether there are more, or another process was at it. */
  readonly hasMore: boolean;
  /** How old the oldest of them was, in milliseconds, by the clocks of those who wrote and read it. */
  readonly lagMs: number;
};

/** Keeps the rollups up to date. */
export type Rollups = {
  /**
   * Folds changes into the rollups; nothing is lost or added twice, whoever else folds, and wherever it ends.
   *
   * @throws DependencyAwayError
   */
  fold(): Promise<Folded>;
};

/** How the rollups are kept. */
export type RollupsOptions = {
  /** The deadline of a fold; 10 s by default. */
  readonly timeoutMs?: number;
  /** Changes that one fold takes at most; 500 by default. */
  readonly maxChanges?: number;
  /** Seconds of sources in those changes at which it takes no more; 2,000 by default. */
  readonly maxSeconds?: number;
};

const NOTHING: Folded = { changes: 0, hasMore: false, lagMs: 0 };

/** Creates the keeper of the rollups. */
export function createRollups(
  connection: StoreConnection,
  { timeoutMs = 10_000, maxChanges = 500, maxSeconds = 2_000 }: RollupsOptions = {},
): Rollups {
  const collection = toRollupChanges(connection);

  async function fold(): Promise<Folded> {
    if (!(await hasChanges())) return NOTHING;
    let folded = NOTHING;
    const { result } = await transact(connection, timeoutMs, async (options) => {
      const { changes, hasMore } = await takeChanges(options);
      await addToBuckets(connection, toAdditions(changes), options);
      await addOutcomes(connection, changes, options);
      await collection.deleteMany({ _id: { $in: changes.map(({ _id }) => _id) } }, options);
      const oldest = changes.reduce((at, change) => Math.min(at, change.at.getTime()), Date.now());
      folded = { changes: changes.length, hasMore, lagMs: Date.now() - oldest };
      return 'committed';
    });
    return result === 'committed' ? folded : { ...NOTHING, hasMore: true };
  }

  /** Mostly there is nothing to do, and this costs less than a transaction. */
  async function hasChanges(): Promise<boolean> {
    const options = { projection: { _id: 1 }, maxTimeMS: timeoutMs };
    return (
      (await within(timeoutMs, (signal) => collection.findOne(toChangeFilter(), { ...options, signal }))) !==
      null
    );
  }

  async function takeChanges(
    options: InTransaction,
  ): Promise<{ readonly changes: readonly RollupChangeDocument[]; readonly hasMore: boolean }> {
    const found = await collection
      .find(toChangeFilter(), {
        ...options,
        sort: { _id: 1 },
        limit: maxChanges + 1,
        batchSize: maxChanges + 2,
      })
      .toArray();
    let seconds = 0;
    const end = found.findIndex(({ values }, index) => {
      if (index >= maxChanges || (index > 0 && seconds >= maxSeconds)) return true;
      seconds += values.length;
      return false;
    });
    return { changes: end === -1 ? found : found.slice(0, end), hasMore: end !== -1 };
  }

  return { fold };
}

/** Puts together what comes to the same bucket, of every unit. */
function toAdditions(changes: readonly RollupChangeDocument[]): readonly BucketValues[] {
  const additions = new Map<string, { readonly bucket: RollupBucket; readonly values: RolledValues[] }>();
  for (const value of changes.flatMap(({ values }) => values)) {
    for (const unit of UNITS) {
      const { tenant, source, second } = value;
      const bucket = { tenant, source, unit, start: toBucketStart(unit, second) };
      const id = toBucketId(bucket);
      const known = additions.get(id);
      if (known === undefined) additions.set(id, { bucket, values: [value] });
      else known.values.push(value);
    }
  }
  return [...additions.values()];
}
