import type { InstanceDocument } from '@sluice/contracts/bulk';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';

/** How long an instance must be silent, in ms, until it is taken for one that has ended. */
const ENDED_AFTER_MS = 86_400_000;

/** Returns the time since when an instance must have been silent that has ended. */
export function toEndedBefore(): Date {
  return new Date(Date.now() - ENDED_AFTER_MS);
}

/** The processes that number batches. */
export type StoredInstances = {
  /**
   * Notes how far an instance has numbered its batches; never goes back. Call it after the batches up to `seq` were
   * kept and before the process ends.
   *
   * @throws DependencyAwayError
   */
  beat(instance: InstanceDocument): Promise<void>;
};

/** Creates the register of instances; `timeoutMs` is the connection's operation timeout by default. */
export function createInstances(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): StoredInstances {
  async function beat({ _id, app, seq, events, merged, startedAt, seenAt }: InstanceDocument): Promise<void> {
    await within(timeoutMs, (signal) =>
      toCollection(connection, 'instances').updateOne(
        { _id },
        { $max: { seq, events, merged, seenAt }, $setOnInsert: { app, startedAt }, $unset: { ended: true } },
        { upsert: true, ...toWriteOptions(signal) },
      ),
    );
  }

  return { beat };
}

/**
 * Marks the instances that have ended and miss nothing, so that the ledger need not look at each of them. One that comes
 * back after all is no longer marked.
 *
 * @param options.timeoutMs 10 s by default
 * @throws DependencyAwayError
 */
export async function endInstances(connection: StoreConnection, { timeoutMs = 10_000 } = {}): Promise<void> {
  const isFolded = { $gte: [{ $ifNull: ['$folded.to', 0] }, '$seq'] };
  await within(timeoutMs, (signal) =>
    toCollection(connection, 'instances').updateMany(
      {
        ...{ ended: { $exists: false }, seenAt: { $lt: toEndedBefore() } },
        ...{ 'folded.gaps.0': { $exists: false }, $expr: isFolded },
      },
      { $set: { ended: true } },
      toWriteOptions(signal),
    ),
  );
}
