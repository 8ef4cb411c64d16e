import { type PollRun, toLagSeconds } from '@sluice/contracts/poll';
import { MAX_MISSED, type ScheduleItem } from '@sluice/contracts/schedules';
import { findDueSlots } from '@sluice/sources/poll/due-slots';
import { toNextRun } from '@sluice/sources/poll/schedule';
import type { WholeRun } from '@sluice/store/poll-runs';
import type { SourceRecord } from '@sluice/store/sources-store';
import { toShownRun } from './source-view.ts';

/** How late a run may begin before it counts as late, in ms: schedulers have to notice the slot, and Redis to pass it on. */
const GRACE_MS = 5000;

/** Shows when a polled source is polled, and what came of it; null for one that sends to us. */
export function toScheduleItem(
  { id, owner, paused, source, dueSince: since, updatedAt: changedAt }: SourceRecord,
  { runs, whole }: { readonly runs: readonly PollRun[]; readonly whole: WholeRun | undefined },
  nowMs: number,
): ScheduleItem | null {
  if (source.kind !== 'poll') return null;
  const { schedule, url } = source;
  const until = new Date(nowMs - GRACE_MS);
  const missed = paused ? null : findDueSlots(schedule, { runs, since, changedAt, until, limit: MAX_MISSED });
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
