import {
  type CollectionProgress,
  type FullSync,
  type FullSyncDocument,
  type FullSyncTally,
  type KeptDifference,
  NO_TALLY,
  type SyncCollection,
} from '@sluice/contracts/full-sync';

/** Shows a full sync. */
export function toFullSync(operation: FullSyncDocument): FullSync {
  const { _id: id, state, collections, only } = operation;
  const sum = collections.reduce(addTallies, NO_TALLY);
  const hasDifferences = sum.missing + sum.extra + sum.unequal > 0;
  const currentPerSecond = state === 'running' ? operation.currentPerSecond : 0;
  return {
    ...{ id, mode: operation.mode, state, stateReason: operation.stateReason },
    ...{ reason: operation.reason, actor: operation.actor, deletes: operation.deletes },
    ...{ adoptDataset: operation.adoptDataset, ratePerSecond: operation.ratePerSecond },
    createdAt: operation.createdAt.toISOString(),
    startedAt: operation.startedAt?.toISOString() ?? null,
    endedAt: operation.endedAt?.toISOString() ?? null,
    phase: operation.phase,
    collection: collections.find((one) => one.state === 'comparing')?.name ?? null,
    ...sum,
    identical: state === 'done' && only === null ? !hasDifferences : null,
    collections: collections.map(toSyncCollection),
    currentPerSecond,
    etaSeconds: currentPerSecond > 0 ? Math.ceil((sum.total - sum.compared) / currentPerSecond) : null,
    waitingFor: operation.waitingFor,
    updatedAt: operation.updatedAt.toISOString(),
  };
}

/** The total is about, so that more may be compared than there were. */
function addTallies(sum: FullSyncTally, next: FullSyncTally): FullSyncTally {
  return {
    compared: sum.compared + next.compared,
    total: sum.total + Math.max(next.total, next.compared),
    missing: sum.missing + next.missing,
    extra: sum.extra + next.extra,
    unequal: sum.unequal + next.unequal,
    lagging: sum.lagging + next.lagging,
    copied: sum.copied + next.copied,
    deleted: sum.deleted + next.deleted,
    kept: sum.kept + next.kept,
    refused: sum.refused + next.refused,
  };
}

function toSyncCollection({ samples, isFresh: _, ...progress }: CollectionProgress): SyncCollection {
  return { ...progress, samples: samples.map(toDifference) };
}

function toDifference({ kind, id, since, seenAt }: KeptDifference): SyncCollection['samples'][number] {
  const ageSeconds = Math.max(0, Math.round((seenAt.getTime() - since.getTime()) / 1000));
  return { kind, id, since: since.toISOString(), ageSeconds };
}
