import type { EventsJob } from './queues.ts';

/**
 * Returns the data of a job that left its batch as a new run with fresh attempts; null for any other job, which runs
 * again as it is: a batch must stay one, or its receipt would never be written. The run is named by `nowMs`, and higher
 * than the one before, whose clock may have been ahead.
 */
export function toReplayJob(job: EventsJob, nowMs: number): EventsJob | null {
  if (job.single === undefined) return null;
  const { park: _park, ...rest } = job;
  return {
    ...rest,
    single: { run: Math.max(nowMs, job.single.run + 1), attemptsBefore: 0, reason: 'replay' },
  };
}
