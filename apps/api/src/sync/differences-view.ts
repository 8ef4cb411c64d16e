import type { CollectionProgress, FullSyncDocument, KeptDifference } from '@sluice/contracts/full-sync';
import type { FoundDifference, SyncDifferences } from '@sluice/contracts/sync-differences';
import type { MendedDocuments } from '@sluice/store/full-syncs';

/** What is shown while nothing was ever compared. */
export const NEVER_COMPARED: SyncDifferences = { run: null, collections: [] };

/**
 * Shows what the last comparison found, and what has become of it: by the run itself, when it was one that copies, or by
 * later ones that mended named documents. `now` is in epoch ms.
 */
export function toSyncDifferences(
  run: FullSyncDocument,
  mended: readonly MendedDocuments[],
  now: number,
): SyncDifferences {
  const { _id: id, mode, actor, reason, startedAt, endedAt, collections } = run;
  const mendedAt = new Map<string, Date>();
  // The newest is first, and stays.
  for (const { collection, ids, at } of [...mended].reverse()) {
    for (const one of ids) mendedAt.set(toKey(collection, one), at);
  }
  return {
    run: {
      ...{ id, mode, actor, reason },
      startedAt: startedAt?.toISOString() ?? null,
      endedAt: endedAt?.toISOString() ?? null,
      compared: sum(collections, 'compared'),
      lagging: sum(collections, 'lagging'),
    },
    collections: collections
      .filter(({ missing, extra, unequal }) => missing + extra + unequal > 0)
      .map((progress) => ({
        ...{ name: progress.name, compared: progress.compared },
        ...{ missing: progress.missing, extra: progress.extra, unequal: progress.unequal },
        differences: progress.samples.map((sample) => {
          const later = mendedAt.get(toKey(progress.name, sample.id));
          return toFound(sample, later ?? findMendedBy(run, progress, sample), now);
        }),
      })),
  };
}

/** When the run that found a difference mended it; what the backup refused is not told apart, so then nothing is said. */
function findMendedBy(
  { mode, endedAt }: FullSyncDocument,
  { refused, kept, deleted }: CollectionProgress,
  { kind }: KeptDifference,
): Date | null {
  if (mode !== 'copy' || refused > 0) return null;
  return kind === 'extra' && (kept > 0 || deleted === 0) ? null : endedAt;
}

function toFound({ kind, id, since }: KeptDifference, mendedAt: Date | null, now: number): FoundDifference {
  const untilMs = mendedAt?.getTime() ?? now;
  return {
    ...{ kind, id, since: since.toISOString() },
    ageSeconds: Math.max(0, Math.round((untilMs - since.getTime()) / 1000)),
    mendedAt: mendedAt?.toISOString() ?? null,
  };
}

function toKey(collection: string, id: string): string {
  return `${collection}\0${id}`;
}

function sum(collections: readonly CollectionProgress[], name: 'compared' | 'lagging'): number {
  return collections.reduce((total, progress) => total + progress[name], 0);
}
