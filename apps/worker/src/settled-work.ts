import type { QueueWork } from '@sluice/contracts/processes';
import type { Outcome } from '@sluice/protocol/candidate';

/** Counts what a bulk settled: an event that is tried again, or waits, has not come to its end. */
export function toWork(outcomes: readonly Outcome[]): Pick<QueueWork, 'eventsOut' | 'failed'> {
  let eventsOut = 0;
  let failed = 0;
  for (const { kind } of outcomes) {
    if (kind === 'failed' || kind === 'dead') failed += 1;
    if (kind === 'normalized' || kind === 'duplicate' || kind === 'merged' || kind === 'dead') eventsOut += 1;
  }
  return { eventsOut, failed };
}
