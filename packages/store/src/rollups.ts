/**
 * Rollups: count, sum, smallest and greatest of every metric per source and second, minute, hour and day.
 *
 *  1. A bulk that stores events writes what they add to the rollups in the same transaction (rollup-changes.ts).
 *  2. `fold` takes such changes, the oldest first, puts together those of the same buckets, adds them to the rollups and
 *     deletes them: in one transaction, on one snapshot. Of the last one it may take a part, and leaves the rest in it.
 *  3. Two that fold at once take the same changes, and MongoDB refuses the one that comes later: nothing is added twice.
 *     One that dies leaves nothing behind, but what it had written is locked until MongoDB gives its transaction up
 *     (60 s by default).
 *  4. What MongoDB does not manage, or not in time, is tried again by halves, down to one second of a source, which is in
 *     four buckets; what it manages lets the next portion be twice as large again.
 *
 * A hot second costs one write for each fold, however many events it has.
 */
import { createPortionShare } from '@sluice/contracts/portion-share';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { addOutcomes } from './outcomes.ts';
import { addToBuckets } from './rollup-buckets.ts';
import { toChangeFilter, toRollupChanges } from './rollup-changes.ts';
import { type BegunChange, type PortionLimits, readPortion } from './rollup-portion.ts';
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
  /** Seconds of sources that it takes at most; 2,000 by default. */
  readonly maxSeconds?: number;
  /**
   * Series of metrics that it takes at most, both of the changes and of the buckets that it writes; 100,000 by default,
   * which is two hundred full buckets, or a dozen megabytes.
   */
  readonly maxSeries?: number;
};

const NOTHING: Folded = { changes: 0, hasMore: false, lagMs: 0 };

/** Creates the keeper of the rollups. */
export function createRollups(
  connection: StoreConnection,
  { timeoutMs = 10_000, maxChanges = 500, maxSeconds = 2_000, maxSeries = 100_000 }: RollupsOptions = {},
): Rollups {
  const collection = toRollupChanges(connection);
  const share = createPortionShare();

  async function fold(): Promise<Folded> {
    if (!(await hasChanges())) return NOTHING;
    const limits = {
      maxChanges: share.of(maxChanges),
      maxSeconds: share.of(maxSeconds),
      maxSeries: share.of(maxSeries),
    };
    const folded = await foldPortion(limits).catch((error: unknown) => {
      share.halve();
      throw error;
    });
    if (folded === null) share.halve();
    else share.grow();
    return folded ?? { ...NOTHING, hasMore: true };
  }

  /** Null when MongoDB undid it: another process was at it, or it was too much at once. */
  async function foldPortion(limits: PortionLimits): Promise<Folded | null> {
    let folded = NOTHING;
    const { result } = await transact(connection, timeoutMs, async (options) => {
      const portion = await readPortion(connection, limits, options);
      const { changes, begun, hasMore } = portion;
      const taken = begun === null ? changes : [...changes, begun.change];
      await addToBuckets(connection, portion.values, portion.known, options);
      await addOutcomes(connection, taken, options);
      await collection.deleteMany({ _id: { $in: changes.map(({ _id }) => _id) } }, options);
      if (begun !== null) await leaveRest(begun, options);
      const oldest = taken.reduce((at, change) => Math.min(at, change.at.getTime()), Date.now());
      folded = { changes: changes.length, hasMore, lagMs: Date.now() - oldest };
      return 'committed';
    });
    return result === 'committed' ? folded : null;
  }

  /** The outcomes of a change are added with its first part. */
  async function leaveRest({ change, rest }: BegunChange, options: InTransaction): Promise<void> {
    const left = { values: rest, received: [], settled: [] };
    await collection.updateOne({ _id: change._id }, { $set: left }, options);
  }

  /** Mostly there is nothing to do, and this costs less than a transaction. */
  async function hasChanges(): Promise<boolean> {
    const options = { projection: { _id: 1 }, maxTimeMS: timeoutMs };
    return (
      (await within(timeoutMs, (signal) => collection.findOne(toChangeFilter(), { ...options, signal }))) !==
      null
    );
  }

  return { fold };
}
