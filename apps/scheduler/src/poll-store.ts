import type { PollSource } from '@sluice/contracts/source';
import type { Checkpoints } from '@sluice/store/checkpoints';
import type { Leases } from '@sluice/store/leases';
import type { PollStore } from './poll-run.ts';
import { toWaitMark } from './poll-waits.ts';

/**
 * Joins leases and checkpoints to what polling needs of the stores. `holder` names this process; after `leaseMs` of
 * silence another may take over.
 */
export function createPollStore({
  leases,
  checkpoints,
  holder,
  leaseMs,
}: {
  readonly leases: Leases;
  readonly checkpoints: Checkpoints;
  readonly holder: string;
  readonly leaseMs: number;
}): PollStore {
  return {
    async acquire(source) {
      const mark = toWaitMark(source);
      const lease = await leases.acquire(toLeaseName(source), holder, leaseMs, mark);
      if (lease === null) return null;
      return {
        renew: () => leases.renew(lease, leaseMs),
        release: () => leases.release(lease),
        retire: (forMs) => leases.retire(lease, forMs, mark),
      };
    },
    readWaitMs: (source) => leases.readRetiredMs(toLeaseName(source), toWaitMark(source)),
    async readCheckpoint(source) {
      const { state, revision } = await checkpoints.get(source);
      return { checkpoint: state, revision };
    },
    async saveCheckpoint(source, state, revision) {
      const saved = await checkpoints.save({ source, state, revision });
      return saved === 'stale' ? null : saved.revision;
    },
  };
}

function toLeaseName({ id }: PollSource): string {
  return `poll-${id}`;
}
