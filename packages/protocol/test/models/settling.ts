import type { AcceptedEvent } from '@sluice/contracts/event';
import type { EventsJob } from '@sluice/contracts/queues';
import { createBulkWriter } from '../../src/bulk-writer.ts';
import { RefusedPayloadError, UnknownVersionError } from '../../src/failure.ts';
import { createJobSettler, type JobResult, type JobView } from '../../src/settle-job.ts';
import { toRecord } from './events.ts';
import { createModelQueue, type ModelQueue } from './model-queue.ts';
import { createModelStore, type ModelStore } from './model-store.ts';

const DAY_MS = 24 * 3_600_000;

/** A worker's settler on models of its queue and its store. */
export type Settling = {
  readonly queue: ModelQueue;
  readonly store: ModelStore;
  readonly settle: (job: JobView) => Promise<JobResult>;
  /** Returns the only job of the queue. @throws Error when there is another number of them */
  readonly fetchOnly: (over?: Partial<JobView>) => JobView;
};

/** Creates a settler with 3 attempts and a day to park; `known` are the schema versions that it can read. */
export function createSettling({
  known,
  now,
}: {
  known: () => readonly number[];
  now: () => number;
}): Settling {
  const queue = createModelQueue();
  const store = createModelStore();
  const writer = createBulkWriter({ store, worker: 'w', now, soon: queueMicrotask });
  const normalize = createNormalize(known);
  return {
    queue,
    store,
    settle: createJobSettler({ writer, queue, normalize, now, attempts: 3, parkMaxMs: DAY_MS }),
    fetchOnly(over = {}) {
      const [entry] = queue.jobs;
      if (entry === undefined || queue.jobs.size !== 1) throw new Error(`${queue.jobs.size} jobs`);
      return toJob(entry[0], entry[1], over);
    },
  };
}

/** Creates what reads events of known versions, and refuses those that are `poison`. */
export function createNormalize(known: () => readonly number[]) {
  return (event: AcceptedEvent) => {
    if (!known().includes(event.schemaVersion)) throw new UnknownVersionError(event.schemaVersion);
    const payload = JSON.parse(event.body) as { poison?: true };
    if (payload.poison) throw new RefusedPayloadError('ERR_FIELD_REQUIRED', 'amount is missing');
    return toRecord(event);
  };
}

/** Returns the job of a batch. */
export function toBatch(events: AcceptedEvent[], over: Partial<JobView> = {}): JobView {
  const data: EventsJob = { envelope: 1, instance: 'i', seq: 1, events };
  return {
    id: 'b-i-1',
    data,
    attemptsMade: 0,
    stalledCount: 0,
    updateData: async () => undefined,
    ...over,
  };
}

/** Returns a job with other data. */
export function toJob(id: string, data: EventsJob, over: Partial<JobView> = {}): JobView {
  return { ...toBatch([]), id, data, ...over };
}

/** Returns the data of an event's own job. */
export function toSingle(event: AcceptedEvent, single: Partial<NonNullable<EventsJob['single']>>): EventsJob {
  return {
    ...toBatch([event]).data,
    single: { run: 0, attemptsBefore: 0, reason: 'stalled', ...single },
  };
}
