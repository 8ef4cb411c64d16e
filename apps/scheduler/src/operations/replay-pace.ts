import {
  type OperationDocument,
  type ReplayProgress,
  STOP_AFTER_OUTCOMES,
} from '@sluice/contracts/operations';

/** Seconds of its rate that a replay may have in flight, and so many events at least. */
const IN_FLIGHT_SECONDS = 10;
const IN_FLIGHT_MIN = 500;

/** The share of Redis' memory above which a replay waits, as the inbox does. */
const MEMORY_SHARE = 0.5;

/** Returns what a replay has to wait for before it puts more into the queue, in words; null when it may go on. */
export function toObstacle({
  ratePerSecond,
  inFlight,
  memoryShare,
}: {
  readonly ratePerSecond: number;
  readonly inFlight: number;
  readonly memoryShare: number;
}): string | null {
  if (memoryShare >= MEMORY_SHARE) {
    return `Redis uses ${Math.round(memoryShare * 100)} % of its memory; less than ${MEMORY_SHARE * 100} % are needed.`;
  }
  if (inFlight >= toMaxInFlight(ratePerSecond))
    return `${inFlight} events are in flight: workers must settle some first.`;
  return null;
}

/** Returns how many events a replay may have in flight: what fails is noticed before all of it has failed. */
export function toMaxInFlight(ratePerSecond: number): number {
  return Math.max(IN_FLIGHT_MIN, ratePerSecond * IN_FLIGHT_SECONDS);
}

/** Returns why a replay must pause itself, in words; null when it need not. */
export function toStopReason(
  { stopAtFailureShare, judgedFrom }: Pick<OperationDocument, 'stopAtFailureShare' | 'judgedFrom'>,
  { succeeded, duplicate, failedAgain }: ReplayProgress,
): string | null {
  const outcomes = succeeded + duplicate + failedAgain - judgedFrom.outcomes;
  const failed = failedAgain - judgedFrom.failedAgain;
  if (outcomes < STOP_AFTER_OUTCOMES || failed / outcomes < stopAtFailureShare) return null;
  return `${failed} of ${outcomes} events failed again. Mend the cause and resume, or cancel.`;
}
