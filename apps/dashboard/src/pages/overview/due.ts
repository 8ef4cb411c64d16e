import type { ScheduleItem } from '@sluice/contracts/schedules';

const SOON_MS = 3_600_000;

type Schedule = Pick<ScheduleItem, 'paused' | 'dueAt' | 'nextRunAt'> & {
  readonly runs: readonly Pick<ScheduleItem['runs'][number], 'outcome'>[];
};

/** Counts polled sources by what is due of them; each counts once. */
export function countDue(schedules: readonly Schedule[], nowMs: number) {
  const counts = { overdue: 0, running: 0, soon: 0, later: 0, paused: 0 };
  for (const schedule of schedules) counts[toState(schedule, nowMs)] += 1;
  return counts;
}

/** Returns those that are due first, the longest overdue before all; without those that are not due at all. */
export function sortByDue<Item extends Schedule>(schedules: readonly Item[]): readonly Item[] {
  const toTime = ({ dueAt, nextRunAt }: Item) => dueAt ?? nextRunAt ?? '';
  return schedules
    .filter((one) => !one.paused && toTime(one) !== '')
    .toSorted(
      (a, b) => Number(b.dueAt !== null) - Number(a.dueAt !== null) || (toTime(a) < toTime(b) ? -1 : 1),
    );
}

function toState({ paused, dueAt, nextRunAt, runs }: Schedule, nowMs: number) {
  if (runs[0]?.outcome === 'running') return 'running';
  if (paused) return 'paused';
  if (dueAt !== null) return 'overdue';
  return nextRunAt !== null && Date.parse(nextRunAt) - nowMs <= SOON_MS ? 'soon' : 'later';
}
