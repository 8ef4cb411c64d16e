import type { EventsJob, Mark } from '@sluice/contracts/queues';
import type { AcceptQueue, SettleQueue, SplitJob } from '../../src/ports.ts';

/** A model of the queue in memory: an id is added once while its job is there. */
export type ModelQueue = AcceptQueue &
  SettleQueue & {
    readonly jobs: Map<string, EventsJob>;
    readonly marks: Map<string, Mark>;
    /** Called before every command; throw, or never resolve, to play a fault. */
    before: (command: 'readMarks' | 'addBatch' | 'addSplit' | 'removeMarks') => void | Promise<void>;
    /** Called after the command took effect and before it is answered: a lost reply. */
    after: (command: 'addBatch' | 'addSplit') => void | Promise<void>;
  };

/** Creates an empty model. */
export function createModelQueue(): ModelQueue {
  const jobs = new Map<string, EventsJob>();
  const marks = new Map<string, Mark>();
  const forgotten = new Set<string>();
  const add = (jobId: string, job: EventsJob): void => {
    if (!jobs.has(jobId)) jobs.set(jobId, structuredClone(job));
  };
  const queue: ModelQueue = {
    jobs,
    marks,
    before: () => undefined,
    after: () => undefined,
    async readMarks(eventIds) {
      await queue.before('readMarks');
      return eventIds.map((id) => marks.get(id) ?? null);
    },
    async addBatch(jobId, job) {
      await queue.before('addBatch');
      add(jobId, job);
      await queue.after('addBatch');
    },
    writeMarks(written) {
      for (const { eventId, mark } of written) {
        if (!marks.has(eventId) && !forgotten.has(eventId)) marks.set(eventId, mark);
      }
    },
    async addSplit(split: readonly SplitJob[]) {
      await queue.before('addSplit');
      for (const { jobId, job } of split) add(jobId, job);
      await queue.after('addSplit');
    },
    async removeMarks(eventIds) {
      await queue.before('removeMarks');
      for (const id of eventIds) {
        marks.delete(id);
        forgotten.add(id);
      }
    },
  };
  return queue;
}
