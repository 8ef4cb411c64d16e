import type { BackupGaps } from '@sluice/store/backup-gaps';
import type { SyncStates } from '@sluice/store/sync-state';

/**
 * Creates the function that tells up to when all that was written is on the backup; null while that cannot be said,
 * because there is no backup or a full sync that it needs has not gone through. The function throws
 * DependencyAwayError.
 */
export function createSyncedUpTo({
  states,
  gaps,
}: {
  readonly states: Pick<SyncStates, 'read'>;
  readonly gaps: BackupGaps;
}): () => Promise<Date | null> {
  return async () => {
    const [read, gap] = await Promise.all([states.read(), gaps.find()]);
    return gap === null ? (read?.state.appliedAt ?? null) : null;
  };
}
