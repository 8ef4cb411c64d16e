import { NO_QUEUE_WORK } from '@sluice/contracts/processes';
import { expect, it } from 'vitest';
import { describeDrain } from './drain.ts';

const BUSY = {
  ...{ waiting: 100, active: 10, drainSeconds: 95 },
  lastMinute: { ...NO_QUEUE_WORK, jobsIn: 10, jobsOut: 80 },
  processes: { running: 2, holding: 0, concurrency: 80 },
};

it.each([
  [{}, 'about 1 min 35 s'],
  [{ waiting: 0, active: 0, drainSeconds: 0 }, 'nothing waits'],
  [{ drainSeconds: null }, 'grows: more comes in than goes out'],
  [{ drainSeconds: null, lastMinute: NO_QUEUE_WORK }, 'nothing was done for a minute'],
  [{ processes: { running: 0, holding: 2, concurrency: 0 } }, 'not while nobody takes jobs'],
])('with %o: %s', (fields, words) => {
  expect(describeDrain({ ...BUSY, ...fields })).toBe(words);
});
