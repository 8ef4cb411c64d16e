import { type OpenEvents, type RefileQueue, refileStranded } from '@sluice/protocol/refile';
import type { Logger } from '@sluice/runtime/logger';
import type { Leases } from '@sluice/store/leases';
import { type LeasedRounds, startLeasedRounds } from './leased-rounds.ts';

/** The share of Redis' memory above which stranded events wait for the next round. */
const MEMORY_SHARE = 0.5;

/** Starts to give stranded events jobs again, every minute in one scheduler. */
export function startRefiler({
  open,
  queue,
  leases,
  readMemoryShare,
  holder,
  logger,
  idleMs,
  lookMs,
}: {
  readonly open: OpenEvents;
  readonly queue: RefileQueue;
  readonly leases: Leases;
  /** Tells how much of its memory Redis uses, from 0 to 1. */
  readonly readMemoryShare: () => Promise<number>;
  readonly holder: string;
  readonly logger: Logger;
  /** How long an event must not have been touched; 10 minutes by default. */
  readonly idleMs?: number;
  readonly lookMs?: number;
}): LeasedRounds {
  const hasRoom = async () => (await readMemoryShare()) < MEMORY_SHARE;

  async function work(isStopped: () => boolean): Promise<void> {
    const goesOn = async () => !isStopped() && (await hasRoom());
    const refiled = await refileStranded({ open, queue, hasRoom: goesOn }, idleMs);
    if (refiled > 0) logger.warn({ refiled }, 'events.refiled');
  }

  return startLeasedRounds({ name: 'refile', work, leases, holder, logger, everyMs: lookMs });
}
