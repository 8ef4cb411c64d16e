import { DEFAULT_TENANT } from '@sluice/contracts/event';
import type { FullSyncDocument } from '@sluice/contracts/full-sync';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';

/** The full sync that the backup needs to be whole. */
export type BackupGap = {
  /** Why one was asked for that has not begun; null when none was. */
  readonly asked: string | null;
  /** The one that has not gone through; null when there is none. */
  readonly sync: Pick<
    FullSyncDocument,
    '_id' | 'state' | 'stateReason' | 'reason' | 'createdAt' | 'endedAt'
  > | null;
};

/** Tells whether the backup lacks what was written before its replicator followed. */
export type BackupGaps = {
  /**
   * Returns what it waits for; null when a full sync went through since one was needed last.
   *
   * @throws DependencyAwayError
   */
  find(): Promise<BackupGap | null>;
};

/** Creates the reader of gaps; `timeoutMs` is the connection's operation timeout by default. */
export function createBackupGaps(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): BackupGaps {
  const { db } = connection;

  async function find(): Promise<BackupGap | null> {
    return within(timeoutMs, async (signal) => {
      const options = { signal, maxTimeMS: timeoutMs };
      // What was asked for is forgotten in the transaction that begins it, so this has to be read first.
      const asked = await db
        .collection<{ readonly _id: string; readonly reason: string }>('resume_tokens')
        .findOne({ _id: 'full-sync-asked' }, options);
      const newest = await db.collection<FullSyncDocument>('operations').findOne(
        {
          ...{ tenant: DEFAULT_TENANT, kind: 'fullSync', mode: 'copy', only: null },
          // Only those that start by themselves delete nothing: they are needed. Any that is done serves.
          $or: [{ state: 'done' }, { deletes: 'none' }],
        },
        { ...options, sort: { createdAt: -1, _id: -1 }, projection: SHOWN },
      );
      const isDone = newest?.state === 'done';
      if (asked === null && isDone) return null;
      return { asked: asked?.reason ?? null, sync: isDone ? null : newest };
    });
  }

  return { find };
}

const SHOWN = { state: 1, stateReason: 1, reason: 1, createdAt: 1, endedAt: 1 } as const;
