import { expect, it } from 'vitest';
import { countDue, sortByDue } from './due.ts';

const NOW = Date.UTC(2026, 0, 1);
const iso = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
const toSchedule = (
  id: string,
  nextIn: number | null,
  { late = null as number | null, paused = false } = {},
) => ({
  ...{ id, paused, runs: [{ outcome: 'polled' as const }] },
  dueAt: late === null ? null : iso(-late),
  nextRunAt: nextIn === null ? null : iso(nextIn),
});
const SCHEDULES = [
  toSchedule('later', 90),
  toSchedule('soon', 60),
  toSchedule('paused', null, { paused: true }),
  toSchedule('late', 1, { late: 5 }),
  toSchedule('later-still', 300),
  toSchedule('latest', 50, { late: 60 }),
];

it('counts each polled source once, by what is due of it', () => {
  const running = { ...toSchedule('at-it', 5, { late: 9 }), runs: [{ outcome: 'running' as const }] };
  expect(countDue([...SCHEDULES, running], NOW)).toEqual({
    ...{ overdue: 2, running: 1, soon: 1, later: 2, paused: 1 },
  });
});

it('puts what is overdue first, then what comes next', () => {
  const ids = sortByDue(SCHEDULES).map(({ id }) => id);
  expect(ids).toEqual(['latest', 'late', 'soon', 'later', 'later-still']);
});
