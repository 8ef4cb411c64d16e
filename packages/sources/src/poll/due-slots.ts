import { isManualSlot, type PollOutcome, type PollRun } from '@sluice/contracts/poll';
import { findMissedSlots, type MissedSlots } from './missed-slots.ts';

/** After these no run is due: one is under way, or the source is left alone for a while, until nobody knows when. */
const NOT_DUE: ReadonlySet<PollOutcome> = new Set(['running', 'waiting', 'open']);

/** What has to be known of a run, to tell what has been due since. */
export type RunForDue = Pick<PollRun, 'outcome' | 'slot' | 'startedAt' | 'endedAt' | 'waitingUntil'>;

/**
 * Finds the slots of a schedule, up to `until` and `limit` of them at most, that no run has begun for. Those count that
 * came after the last run, by `runs`, the newest first, and after `since`, when the schedule began to count. What a source
 * asked for before `changedAt`, when its declaration was changed, is over.
 */
export function findDueSlots(
  schedule: string,
  {
    runs,
    since,
    changedAt,
    until,
    limit,
  }: {
    readonly runs: readonly RunForDue[];
    readonly since: Date;
    readonly changedAt: Date;
    readonly until: Date;
    readonly limit: number;
  },
): MissedSlots {
  // A poll that a person asked for in vain says nothing of the run that it met.
  const last = runs.find(({ outcome }) => outcome !== 'busy');
  // Runs of older builds do not say how long the source is left alone.
  const isEndKnown = last?.outcome === 'waiting' && last.waitingUntil !== undefined;
  if (last !== undefined && NOT_DUE.has(last.outcome) && !isEndKnown) return { firstAt: null, count: 0 };
  const known = runs.flatMap(({ slot, startedAt, endedAt, waitingUntil }) => [
    // The slot and not the start of the run: clocks of schedulers differ a little.
    isManualSlot(slot) ? startedAt.getTime() : slot * 1000,
    endedAt?.getTime() ?? 0,
    // Also a run that read everything may have used a rate limit up.
    startedAt > changedAt ? (waitingUntil?.getTime() ?? 0) : 0,
  ]);
  const after = new Date(Math.max(since.getTime(), ...known));
  return findMissedSlots(schedule, { after, until, limit });
}
