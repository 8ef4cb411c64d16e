import { expect, it } from 'vitest';
import { findMissedSlots } from './missed-slots.ts';

const at = (text: string) => new Date(`2026-06-${text}Z`);

it.each([
  ['0 0 3 * * *', '01T03:00:00', '01T03:00:00', null, 0],
  ['0 0 3 * * *', '01T03:00:00', '02T03:06:00', '02T03:00:00', 1],
  ['0 0 3 * * *', '01T03:00:00', '04T02:59:59', '02T03:00:00', 2],
  ['*/15 * * * * *', '01T00:00:00', '01T00:01:00', '01T00:00:15', 4],
  ['* * * * * *', '01T00:00:00', '02T00:00:00', '01T00:00:01', 100],
  // 2026-06-07 is a Sunday.
  ['0 30 1 * * 0', '01T00:00:00', '14T01:30:00', '07T01:30:00', 2],
  ['0 0 0 31 2 *', '01T00:00:00', '30T00:00:00', null, 0],
  ['every hour', '01T00:00:00', '30T00:00:00', null, 0],
])('of %s after %s until %s the first is %s of %i', (schedule, after, until, first, count) => {
  expect(findMissedSlots(schedule, { after: at(after), until: at(until), limit: 100 })).toEqual({
    firstAt: first === null ? null : at(first),
    count,
  });
});
