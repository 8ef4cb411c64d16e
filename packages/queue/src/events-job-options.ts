import type { EventsJob } from '@sluice/contracts/queues';
import type { JobsOptions } from 'bullmq';

/** The name of BullMQ's backoff type for which a worker must bring the strategy. */
export const BACKOFF_TYPE = 'sluice';

const FAILED_KEPT_SECONDS = 7 * 24 * 3600;
const FAILED_KEPT_COUNT = 10_000;

/** What dead letters may take of Redis, each counted as large as the newest one; MongoDB has all of them. */
const FAILED_KEPT_BYTES = 64 * 1024 * 1024;

/** What a job takes beside the bodies of its events, about. */
const JOB_BYTES = 2048;

/** Messages of failed attempts that a job shows. */
const STACK_TRACE_LIMIT = 10;

/**
 * Job options of ours: BullMQ stores options it does not know with the job, where `eventCount` can be read
 * without fetching the events.
 */
export type EventsJobOptions = JobsOptions & { readonly eventCount: number };

/** Returns a job's name: the event id when it carries one event, else `events`. */
export function toJobName(job: EventsJob): string {
  return job.events.length === 1 && job.events[0] !== undefined ? job.events[0].eventId : 'events';
}

/**
 * Returns the options of a batch: no attempts, for a batch never fails as a whole, and it is kept for ever should
 * it be unreadable.
 */
export function toBatchOptions(jobId: string, job: EventsJob): EventsJobOptions {
  return { jobId, removeOnComplete: true, eventCount: job.events.length };
}

/**
 * Returns the options of a job that left its batch. `attempts` is what operators are shown; whether another one
 * is made, the caller of the worker decides.
 */
export function toSplitOptions(
  jobId: string,
  job: EventsJob,
  delayMs: number,
  attempts: number,
): EventsJobOptions {
  return {
    jobId,
    delay: Math.max(0, Math.round(delayMs)),
    attempts,
    backoff: { type: BACKOFF_TYPE },
    stackTraceLimit: STACK_TRACE_LIMIT,
    removeOnComplete: true,
    removeOnFail: { age: FAILED_KEPT_SECONDS, count: toKeptCount(job) },
    eventCount: job.events.length,
  };
}

/** BullMQ keeps so many failed jobs, the newest, whenever this one fails. */
function toKeptCount(job: EventsJob): number {
  const bytes = job.events.reduce((sum, { body }) => sum + body.length, JOB_BYTES);
  return Math.max(1, Math.min(FAILED_KEPT_COUNT, Math.floor(FAILED_KEPT_BYTES / bytes)));
}
