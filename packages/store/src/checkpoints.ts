import { checkpointSchema, FIRST_CHECKPOINT, type PollCheckpoint } from '@sluice/contracts/poll';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { isDuplicateKey } from './store-error.ts';

/** How far a source was read; `revision` is 0 until it is first saved. */
export type Checkpoint = {
  readonly source: string;
  readonly state: PollCheckpoint;
  readonly revision: number;
};

/** Where polling remembers how far it came. */
export type Checkpoints = {
  /**
   * Returns a source's checkpoint, an empty one of revision 0 when there is none.
   *
   * @throws DependencyAwayError
   */
  get(source: string): Promise<Checkpoint>;
  /**
   * Saves a checkpoint if the stored one still has its `revision`, which then rises by one; `stale` when somebody
   * else saved in between.
   *
   * @throws DependencyAwayError when MongoDB is away; whether it was saved is then unknown
   */
  save(checkpoint: Checkpoint): Promise<Checkpoint | 'stale'>;
  /**
   * Puts a source back to its beginning, so that a run in hand can no longer save; false when it has no checkpoint.
   *
   * @throws DependencyAwayError
   */
  reset(source: string): Promise<boolean>;
};

/** Creates the store of checkpoints; `timeoutMs` is the connection's operation timeout by default. */
export function createCheckpoints(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Checkpoints {
  const collection = toCollection(connection, 'checkpoints');

  async function get(source: string): Promise<Checkpoint> {
    const found = await within(timeoutMs, (signal) =>
      collection.findOne(
        { _id: source },
        { signal, maxTimeMS: timeoutMs, readConcern: { level: 'majority' } },
      ),
    );
    if (found === null) return { source, state: FIRST_CHECKPOINT, revision: 0 };
    return { source, state: checkpointSchema.parse(found.state), revision: found.revision };
  }

  async function save({ source, state, revision }: Checkpoint): Promise<Checkpoint | 'stale'> {
    const next = { state, revision: revision + 1 };
    const isSaved = await within(timeoutMs, (signal) =>
      write(source, revision, { ...next, updatedAt: new Date() }, signal),
    );
    return isSaved ? { source, ...next } : 'stale';
  }

  async function write(
    source: string,
    revision: number,
    set: { state: PollCheckpoint; revision: number; updatedAt: Date },
    signal: AbortSignal,
  ): Promise<boolean> {
    if (revision > 0) {
      const { matchedCount } = await collection.updateOne(
        { _id: source, revision },
        { $set: set },
        { upsert: false, ...toWriteOptions(signal) },
      );
      return matchedCount === 1;
    }
    try {
      await collection.insertOne({ _id: source, ...set }, toWriteOptions(signal));
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  async function reset(source: string): Promise<boolean> {
    const set = { state: FIRST_CHECKPOINT, updatedAt: new Date() };
    // The revision rises further: begun again at 0, a run from before could take the new point for its own.
    const { matchedCount } = await within(timeoutMs, (signal) =>
      collection.updateOne(
        { _id: source },
        { $set: set, $inc: { revision: 1 } },
        { upsert: false, ...toWriteOptions(signal) },
      ),
    );
    return matchedCount === 1;
  }

  return { get, save, reset };
}
