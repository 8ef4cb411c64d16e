import { isManualSlot, type PollRun, toLagSeconds } from '@sluice/contracts/poll';
import { MAX_MISSED, type ScheduleItem } from '@sluice/contracts/schedules';
import { findMissedSlots } from '@sluice/sources/poll/missed-slots';
import { toNextRun } from '@sluice/sources/poll/schedule';
import type { WholeRun } from '@sluice/store/poll-runs';
import type { SourceRecord } from '@sluice/store/sources-store';
import { toShownRun } from './source-view.ts';

/** How late a run may begin before it counts as late, in ms: schedulers have to notice the slot, and Redis to pass it on. */
const GRACE_MS = 5000;

/** Shows when a polled source is polled, and what came of it; null for one that sends to us. */
export function toScheduleItem(
  { id, owner, paused, source, updatedAt }: SourceRecord,
  { runs, whole }: { readonly runs: readonly PollRun[]; readonly whole: WholeRun | undefined },
  nowMs: number,
): ScheduleItem | null {
  if (source.kind !== 'poll') return null;
  const { schedule, url } = source;
  const missed = paused ? null : findMissed(schedule, { runs, declaredAt: updatedAt, nowMs });
  return {
    ...{ id, owner, schedule, url, paused },
    nextRunAt: paused ? null : (toNextRun(schedule, new Date(nowMs))?.toISOString() ?? null),
    dueAt: missed?.firstAt?.toISOString() ?? null,
    missed: missed?.count ?? 0,
    lagSeconds: toLagSeconds(whole === undefined ? runs : [...runs, whole], nowMs),
    cursor:
      runs.map(({ cursorAfter, cursorBefore }) => cursorAfter ?? cursorBefore).find((it) => it !== null) ??
      null,
    runs: runs.map(toShownRun),
  };
}

/** After these no run is due: one is under way, or the source is left alone for a while. */
const NOT_DUE: ReadonlySet<PollRun['outcome']> = new Set(['running', 'waiting', 'open']);

/** Finds the slots since the last run, or since the source was changed or resumed. */
function findMissed(
  schedule: string,
  {
    runs,
    declaredAt,
    nowMs,
  }: { readonly runs: readonly PollRun[]; readonly declaredAt: Date; readonly nowMs: number },
) {
  if (runs[0] !== undefined && NOT_DUE.has(runs[0].outcome)) return null;
  const slots = runs.map(({ slot, startedAt }) => (isManualSlot(slot) ? startedAt.getTime() : slot * 1000));
  const after = new Date(
    Math.max(declaredAt.getTime(), ...slots, ...runs.map((run) => run.endedAt?.getTime() ?? 0)),
  );
  return findMissedSlots(schedule, { after, until: new Date(nowMs - GRACE_MS), limit: MAX_MISSED });
}
