import {
  type Discard,
  LIVE_STATES,
  type OperationDocument,
  type Replay,
  type ReplayProgress,
} from '@sluice/contracts/operations';

/** How far a replay has come whose set is not frozen yet. */
export const NO_PROGRESS: ReplayProgress = {
  ...{ enqueued: 0, succeeded: 0, duplicate: 0, failedAgain: 0, inFlight: 0, remaining: 0 },
};

/** Shows a replay with how far it has come. */
export function toReplay(operation: OperationDocument, progress: ReplayProgress): Replay {
  const { state, planned } = operation;
  const { enqueued, succeeded, duplicate, failedAgain, inFlight } = progress;
  const isLive = LIVE_STATES.some((live) => live === state);
  const isStopped = state === 'cancelled' || state === 'failed';
  const untouched = Math.max(0, planned - enqueued);
  const remaining = isLive ? toRemaining(operation, progress) : 0;
  const currentPerSecond = state === 'running' ? operation.currentPerSecond : 0;
  return {
    ...toHead(operation),
    ...{ ratePerSecond: operation.ratePerSecond, stopAtFailureShare: operation.stopAtFailureShare },
    ...{ enqueued, succeeded, duplicate, failedAgain, inFlight, remaining },
    skipped: isStopped ? 0 : Math.max(0, untouched - remaining),
    stopped: isStopped ? untouched : 0,
    currentPerSecond,
    etaSeconds:
      state === 'running' ? Math.ceil(remaining / (currentPerSecond || operation.ratePerSecond)) : null,
    waitingFor: operation.waitingFor,
    settled: operation.open === undefined,
  };
}

/** Before the set is frozen all that was planned is to come. */
function toRemaining({ planned, frozenAt }: OperationDocument, { remaining }: ReplayProgress): number {
  return frozenAt === null ? planned : remaining;
}

/** Shows a discard. */
export function toDiscard(operation: OperationDocument): Discard {
  return { ...toHead(operation), discarded: operation.claimed };
}

function toHead(operation: OperationDocument) {
  const { _id: id, state, stateReason, event, filter, plan, reason, actor, planned } = operation;
  return {
    ...{ id, state, stateReason, event, filter, plan, reason, actor },
    createdAt: operation.createdAt.toISOString(),
    startedAt: operation.frozenAt?.toISOString() ?? null,
    endedAt: operation.endedAt?.toISOString() ?? null,
    planned,
  };
}
