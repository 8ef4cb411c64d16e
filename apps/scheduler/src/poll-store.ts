import type { Checkpoints } from '@sluice/store/checkpoints';
import type { Leases } from '@sluice/store/leases';
import type { PollStore } from './poll-run.ts';

/** How long a poll may be silent before another scheduler takes over; longer than a source may take to answer. */
const LEASE_MS = 30_000;

/** Joins leases and checkpoints to what polling needs of the stores. `holder` names this process. */
export function createPollStore({
  leases,
  checkpoints,
  holder,
}: {
  readonly leases: Leases;
  readonly checkpoints: Checkpoints;
  readonly holder: string;
}): PollStore {
  return {
    async acquire(source) {
      const lease = await leases.acquire(`poll-${source}`, holder, LEASE_MS);
      if (lease === null) return null;
      return { renew: () => leases.renew(lease, LEASE_MS), release: () => leases.release(lease) };
    },
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
