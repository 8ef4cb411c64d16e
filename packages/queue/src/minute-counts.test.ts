import { NO_QUEUE_WORK } from '@sluice/contracts/processes';
import { expect, it } from 'vitest';
import { createMinuteCounts } from './minute-counts.ts';

it('sums up what happened within the last minute, and forgets what came before', () => {
  let nowMs = 1_000_000;
  const counts = createMinuteCounts(() => nowMs);
  expect(counts.read()).toEqual(NO_QUEUE_WORK);
  counts.add({ jobsOut: 1, eventsOut: 200 });
  nowMs += 30_000;
  counts.add({ jobsOut: 2, failed: 1 });
  expect(counts.read()).toEqual({ ...NO_QUEUE_WORK, jobsOut: 3, eventsOut: 200, failed: 1 });
  nowMs += 35_000;
  expect(counts.read()).toEqual({ ...NO_QUEUE_WORK, jobsOut: 2, failed: 1 });
  nowMs += 3_600_000;
  expect(counts.read()).toEqual(NO_QUEUE_WORK);
});
