import {
  type EventsJob,
  MARK_REST_SECONDS,
  MARK_TTL_SECONDS,
  type Mark,
  QUEUES,
} from '@sluice/contracts/queues';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { type Job, Queue } from 'bullmq';
import { createBackendFactory, keepQueueMeta, toQueueOptions } from './bullmq-backend.ts';
import { createRedis } from './connection.ts';
import { toBatchOptions, toJobName, toSplitOptions } from './events-job-options.ts';
import { defineMarkCommands } from './marks-command.ts';
import type { QueueLogger } from './queue-logger.ts';
import { withinDeadline } from './redis-deadline.ts';
import { parseMark, toMarkKey, toMarkValue, toParkedKey } from './redis-keys.ts';
import { readServerMs } from './server-time.ts';

export type EventsProducerOptions = {
  readonly redisUrl: string;
  /** Begins every key; a hash tag such as `{sluice}` for Redis Cluster. */
  readonly prefix: string;
  /** How long each call may take; 1,000 by default. */
  readonly deadlineMs?: number;
  /** Attempts that single jobs show (`RETRY_ATTEMPTS`); 8 by default. */
  readonly attempts?: number;
  readonly logger: QueueLogger;
};

/**
 * What fills the queue `events`: the protocol's `AcceptQueue` and `SettleQueue`. Every promise settles within the
 * deadline and rejects with `DependencyAwayError` when Redis is away, silent or refuses.
 */
export type EventsProducer = {
  /** Reads the marks of events, in their order; null where there is none. */
  readMarks(eventIds: readonly string[]): Promise<readonly (Mark | null)[]>;
  /** Adds a batch; resolves once Redis has it. The same job id again changes nothing. */
  addBatch(jobId: string, job: EventsJob): Promise<void>;
  /** Sends marks (kept 1 h) of events that have none, without waiting; a failure is counted, never thrown. */
  writeMarks(marks: readonly { readonly eventId: string; readonly mark: Mark }[]): void;
  /** Counts the marks that could not be written. */
  countLostMarks(): number;
  /** Adds jobs that left their batch; resolves once Redis has all of them. A job id again changes nothing. */
  addSplit(
    jobs: readonly { readonly jobId: string; readonly job: EventsJob; readonly delayMs: number }[],
  ): Promise<void>;
  /**
   * Forgets events, so that sending them again runs them again: for a minute none is marked, because who accepted it
   * may send its mark only now.
   */
  removeMarks(eventIds: readonly string[]): Promise<void>;
  /** Resolves when Redis answers. */
  ping(): Promise<void>;
  /** Lets go within `deadlineMs` (1,000 by default), whatever Redis does. */
  close(deadlineMs?: number): Promise<void>;
};

/** Creates a producer and returns at once; while Redis is away its calls reject, and when it returns they work. */
export function createEventsProducer(options: EventsProducerOptions): EventsProducer {
  const { redisUrl, prefix, deadlineMs = 1000, attempts = 8, logger } = options;
  const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs: deadlineMs, logger });
  const { client } = redis;
  const queue = new Queue<EventsJob>(
    QUEUES.events,
    toQueueOptions(client, prefix),
    createBackendFactory({ main: client }),
  );
  queue.on('error', redis.reportError);
  keepQueueMeta(client, queue.getBackend(), redis.reportError);
  const markCommands = defineMarkCommands(client);
  let lostMarks = 0;

  async function readMarks(eventIds: readonly string[]): Promise<readonly (Mark | null)[]> {
    if (eventIds.length === 0) return [];
    const keys = eventIds.map((id) => toMarkKey(prefix, id));
    return (await withinDeadline(client.mget(keys), deadlineMs, 'for the marks')).map(parseMark);
  }

  async function addBatch(jobId: string, job: EventsJob): Promise<void> {
    const adding = queue.add(toJobName(job), job, toBatchOptions(jobId, job));
    await withinDeadline(adding, deadlineMs, 'the batch');
  }

  function writeMarks(marks: readonly { readonly eventId: string; readonly mark: Mark }[]): void {
    if (marks.length === 0) return;
    const keys = marks.map(({ eventId }) => toMarkKey(prefix, eventId));
    const values = marks.map(({ mark }) => toMarkValue(mark));
    // A lost mark costs a look-up later and nothing else, so nobody waits for it.
    markCommands.set(keys, values, MARK_TTL_SECONDS).catch((error: Error) => {
      lostMarks += marks.length;
      redis.reportError(error);
    });
  }

  async function addSplit(jobs: Parameters<EventsProducer['addSplit']>[0]): Promise<void> {
    if (jobs.length === 0) return;
    const parked = jobs.filter(({ job }) => job.park !== undefined).map(({ jobId }) => jobId);
    // Before the jobs are added: a member without a job counts for nothing, a job without its member would.
    if (parked.length > 0) {
      await withinDeadline(client.sadd(toParkedKey(prefix), parked), deadlineMs, 'the parked jobs');
    }
    const timestamp = await withinDeadline(readServerMs(client), deadlineMs, 'for its time');
    const adding = queue.addBulk(
      jobs.map(({ jobId, job, delayMs }) => ({
        name: toJobName(job),
        data: job,
        opts: { ...toSplitOptions(jobId, job, delayMs, attempts), timestamp },
      })),
    );
    const added = await withinDeadline(adding, deadlineMs, 'the split jobs');
    checkAdded(jobs, added);
  }

  async function removeMarks(eventIds: readonly string[]): Promise<void> {
    if (eventIds.length === 0) return;
    const keys = eventIds.map((id) => toMarkKey(prefix, id));
    const forgetting = markCommands.forget(keys, MARK_REST_SECONDS);
    await withinDeadline(forgetting, deadlineMs, 'for the removed marks');
  }

  return {
    readMarks,
    addBatch,
    writeMarks,
    countLostMarks: () => lostMarks,
    addSplit,
    removeMarks,
    ping: redis.ping,
    async close(closeDeadlineMs = 1000) {
      await redis.close(closeDeadlineMs);
      await queue.close();
    },
  };
}

/**
 * BullMQ adds in a pipeline, so a part can be added: it throws at a reply that is an error, but takes a script's
 * refusal (a negative number) for a job id.
 */
function checkAdded(jobs: readonly { readonly jobId: string }[], added: readonly Job[]): void {
  for (const [index, { jobId }] of jobs.entries()) {
    const id: unknown = added[index]?.id;
    if (id === jobId) continue;
    throw new DependencyAwayError('redis', `Redis answered ${String(id)} to adding the job ${jobId}.`);
  }
}
