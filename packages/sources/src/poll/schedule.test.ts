import { expect, test } from 'vitest';
import { checkSchedule, toNextRun } from './schedule.ts';

test.each(['*/5 * * * * *', '0 4 * * *'])('%s can be read', (schedule) => {
  const now = new Date();
  expect(checkSchedule(schedule)).toBeNull();
  expect(toNextRun(schedule, now)?.getTime()).toBeGreaterThan(now.getTime());
});

test.each(['61 * * * * *', 'every hour', '0 0 0 31 2 *'])('%s cannot', (schedule) => {
  expect(checkSchedule(schedule)).toEqual(expect.any(String));
  expect(toNextRun(schedule, new Date())).toBeNull();
});
