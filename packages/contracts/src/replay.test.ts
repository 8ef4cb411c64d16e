import { expect, it } from 'vitest';
import type { EventsJob } from './queues.ts';
import { toReplayJob } from './replay.ts';

const BATCH: EventsJob = { envelope: 1, instance: 'ingest-1', seq: 1, events: [] };

it('names the run of a retry by its time, and higher than the run before, whose clock was ahead', () => {
  const job = { ...BATCH, single: { run: 1000, attemptsBefore: 8, reason: 'dead' } } as const;
  expect(toReplayJob(job, 5000)?.single).toEqual({ run: 5000, attemptsBefore: 0, reason: 'replay' });
  expect(toReplayJob(job, 400)?.single).toEqual({ run: 1001, attemptsBefore: 0, reason: 'replay' });
});

it('leaves a batch as it is', () => {
  expect(toReplayJob(BATCH, 5000)).toBeNull();
});
