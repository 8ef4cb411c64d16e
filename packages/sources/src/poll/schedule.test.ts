import { expect, test } from 'vitest';
import { checkSchedule, toNextRun } from './schedule.ts';

test.each(['*/5 * * * * *', '0 0 4 * * *', '0 0 4 1-15 jan-jun mon'])('%s can be read', (schedule) => {
  const now = new Date();
  expect(checkSchedule(schedule)).toBeNull();
  expect(toNextRun(schedule, now)?.getTime()).toBeGreaterThan(now.getTime());
});

test.each(['61 * * * * *', 'every hour', '0 0 0 31 2 *'])('%s cannot', (schedule) => {
  expect(checkSchedule(schedule)).toEqual(expect.any(String));
  expect(toNextRun(schedule, new Date())).toBeNull();
});

test.each(['1-8000000 * * * * *', '* * * * 1-80000000 *', `${'0-59,'.repeat(200)}0 * * * * *`])(
  '%s is refused before a range of it is written out',
  (schedule) => {
    const startMs = performance.now();
    expect(checkSchedule(schedule)).toMatch(/two digits|512 characters/);
    expect(performance.now() - startMs).toBeLessThan(100);
  },
);

test('a schedule without seconds cannot be declared, and one that is stored still tells its next run', () => {
  expect(checkSchedule('0 4 * * *')).toBe('expected 6 fields');
  expect(toNextRun('0 4 * * *', new Date())).not.toBeNull();
});
