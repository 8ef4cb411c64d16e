import type { InstanceDocument } from '@sluice/contracts/bulk';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';

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
        { $max: { seq, events, merged, seenAt }, $setOnInsert: { app, startedAt } },
        { upsert: true, ...toWriteOptions(signal) },
      ),
    );
  }

  return { beat };
}
