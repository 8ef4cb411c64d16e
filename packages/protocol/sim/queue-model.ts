import { type EventsJob, MARK_REST_SECONDS, MARK_TTL_SECONDS, type Mark } from '@sluice/contracts/queues';
import { toReplayJob } from '@sluice/contracts/replay';
import type { SplitJob } from '../src/ports.ts';
import type { JobView } from '../src/settle-job.ts';
import type { World } from './world.ts';

/** What BullMQ keeps of a job. */
type Job = {
  readonly id: string;
  data: EventsJob;
  state: 'waiting' | 'active' | 'delayed' | 'failed';
  attemptsMade: number;
  stalledCount: number;
  /** Whose it is while it is active, and until when without a sign of life. */
  lock: { readonly token: string; readonly until: number } | null;
  /** Counts the delays, so that only the last of them ends. */
  delays: number;
};

/** BullMQ's queue and the marks, as the scripts of BullMQ change them: each in one step. */
export type QueueModel = {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly marks: ReadonlyMap<string, Mark>;
  add(jobId: string, data: EventsJob, delayMs: number): void;
  readMark(eventId: string): Mark | null;
  writeMark(eventId: string, mark: Mark): void;
  removeMark(eventId: string): void;
  /** Takes the next job, whose lock lasts `lockMs`. */
  fetch(token: string, lockMs: number): Omit<JobView, 'updateData'> | null;
  /** Prolongs a lock; false when it was lost. */
  extendLock(jobId: string, token: string, lockMs: number): boolean;
  /** What a worker may do with a job that it holds; each returns false, and does nothing, when it lost the lock. */
  complete(jobId: string, token: string): boolean;
  retry(jobId: string, token: string, delayMs: number): boolean;
  fail(jobId: string, token: string): boolean;
  putBack(jobId: string, token: string, delayMs: number): boolean;
  /** BullMQ asks for no lock here. */
  updateData(jobId: string, data: EventsJob): void;
  /** Gives jobs whose lock has run out to whoever fetches next. */
  recoverStalled(): void;
  /** Runs a failed job again, as an operator does in Bull Board. */
  retryFailed(jobId: string, now: number): void;
  forgetMarks(): void;
  /** Loses everything, and returns the jobs that are gone. */
  flush(): readonly EventsJob[];
  /** Called when a job waits that did not before. */
  onWaiting: () => void;
};

/** Creates an empty queue. */
export function createQueueModel(world: World): QueueModel {
  const jobs = new Map<string, Job>();
  const marks = new Map<string, Mark & { readonly until: number }>();
  /** Until when nobody marks an event that was forgotten. */
  const resting = new Map<string, number>();
  let waiting: string[] = [];

  function toWaiting(job: Job): void {
    job.state = 'waiting';
    job.lock = null;
    waiting.push(job.id);
    model.onWaiting();
  }

  function toDelayed(job: Job, delayMs: number): void {
    job.state = 'delayed';
    job.lock = null;
    job.delays += 1;
    const { delays } = job;
    world.after(delayMs, () => {
      if (jobs.get(job.id) === job && job.state === 'delayed' && job.delays === delays) toWaiting(job);
    });
  }

  /** Returns the job while it is still this holder's. */
  function findHeld(jobId: string, token: string): Job | undefined {
    const job = jobs.get(jobId);
    return job?.state === 'active' && job.lock?.token === token ? job : undefined;
  }

  const model: QueueModel = {
    jobs,
    marks,
    onWaiting: () => undefined,
    add(id, data, delayMs) {
      if (jobs.has(id)) return;
      const copy = structuredClone(data);
      const fresh = { id, data: copy, attemptsMade: 0, stalledCount: 0, lock: null, delays: 0 };
      const job: Job = { ...fresh, state: 'delayed' };
      jobs.set(id, job);
      world.note(`job ${id} with ${data.events.length} events is added`);
      if (delayMs > 0) toDelayed(job, delayMs);
      else toWaiting(job);
    },
    readMark(eventId) {
      const mark = marks.get(eventId);
      return mark === undefined || mark.until < world.now() ? null : mark;
    },
    writeMark(eventId, mark) {
      if (model.readMark(eventId) !== null || (resting.get(eventId) ?? 0) > world.now()) return;
      marks.set(eventId, { ...mark, until: world.now() + MARK_TTL_SECONDS * 1000 });
    },
    removeMark(eventId) {
      marks.delete(eventId);
      resting.set(eventId, world.now() + MARK_REST_SECONDS * 1000);
    },
    fetch(token, lockMs) {
      const id = waiting.shift();
      const job = id === undefined ? undefined : jobs.get(id);
      if (job === undefined) return null;
      job.state = 'active';
      job.lock = { token, until: world.now() + lockMs };
      const { data, attemptsMade, stalledCount } = job;
      return { id: job.id, data: structuredClone(data), attemptsMade, stalledCount };
    },
    extendLock(jobId, token, lockMs) {
      const job = findHeld(jobId, token);
      if (job === undefined) return false;
      job.lock = { token, until: world.now() + lockMs };
      return true;
    },
    complete(jobId, token) {
      if (findHeld(jobId, token) === undefined) return false;
      world.note(`job ${jobId} is done`);
      return jobs.delete(jobId);
    },
    retry(jobId, token, delayMs) {
      const job = findHeld(jobId, token);
      if (job === undefined) return false;
      job.attemptsMade += 1;
      toDelayed(job, delayMs);
      return true;
    },
    fail(jobId, token) {
      const job = findHeld(jobId, token);
      if (job === undefined) return false;
      world.note(`job ${jobId} failed for good`);
      job.attemptsMade += 1;
      job.state = 'failed';
      job.lock = null;
      return true;
    },
    putBack(jobId, token, delayMs) {
      const job = findHeld(jobId, token);
      if (job === undefined) return false;
      toDelayed(job, delayMs);
      return true;
    },
    updateData(jobId, data) {
      const job = jobs.get(jobId);
      if (job !== undefined) job.data = structuredClone(data);
    },
    recoverStalled() {
      for (const job of jobs.values()) {
        if (job.state !== 'active' || (job.lock?.until ?? 0) > world.now()) continue;
        job.stalledCount += 1;
        world.note(`job ${job.id} stalled, time ${job.stalledCount}`);
        toWaiting(job);
      }
    },
    retryFailed(jobId, now) {
      const job = jobs.get(jobId);
      if (job?.state !== 'failed') return;
      world.note(`an operator retries ${jobId}`);
      job.data = toReplayJob(job.data, now) ?? job.data;
      job.attemptsMade = 0;
      job.stalledCount = 0;
      toWaiting(job);
    },
    forgetMarks() {
      marks.clear();
      resting.clear();
    },
    flush() {
      const gone = [...jobs.values()].map(({ data }) => data);
      jobs.clear();
      resting.clear();
      marks.clear();
      waiting = [];
      return gone;
    },
  };
  return model;
}

/** Adds the jobs of one pipeline, of which any part can be added when the connection breaks in between. */
export function addPipeline(model: QueueModel, split: readonly SplitJob[], breaksAt: number): void {
  for (const { jobId, job, delayMs } of split.slice(0, breaksAt)) model.add(jobId, job, delayMs);
}
