import { type OpenEvents, type RefileQueue, refileStranded } from '@sluice/protocol/refile';
import type { Logger } from '@sluice/runtime/logger';
import type { Leases } from '@sluice/store/leases';
import { type LeasedRounds, startLeasedRounds } from './leased-rounds.ts';

/** Starts to give stranded events jobs again, every minute in one scheduler. */
export function startRefiler({
  open,
  queue,
  leases,
  holder,
  logger,
  idleMs,
  lookMs,
}: {
  readonly open: OpenEvents;
  readonly queue: RefileQueue;
  readonly leases: Leases;
  readonly holder: string;
  readonly logger: Logger;
  /** How long an event must not have been touched; 10 minutes by default. */
  readonly idleMs?: number;
  readonly lookMs?: number;
}): LeasedRounds {
  async function work(): Promise<void> {
    const refiled = await refileStranded({ open, queue }, idleMs);
    if (refiled > 0) logger.warn({ refiled }, 'events.refiled');
  }

  return startLeasedRounds({ name: 'refile', work, leases, holder, logger, everyMs: lookMs });
}
