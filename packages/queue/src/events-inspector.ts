import type { BatchName } from '@sluice/contracts/bulk';
import { type EventsJob, eventsJobSchema, type Mark, QUEUES, toBatchJobId } from '@sluice/contracts/queues';
import { type Job, Queue } from 'bullmq';
import { createBackendFactory, toQueueOptions } from './bullmq-backend.ts';
import { createRedis } from './connection.ts';
import { toWaitingSinceMs, WAITING_SINCE_FIELDS } from './due-time.ts';
import { readMaintenance } from './maintenance.ts';
import type { QueueLogger } from './queue-logger.ts';
import { listQueuedEvents, type QueuedEventsPage, type QueuedEventsQuery } from './queued-events.ts';
import { execPipeline, withinDeadline } from './redis-deadline.ts';
import { parseMark, toMarkKey, toParkedKey } from './redis-keys.ts';
import { countWaitingEvents } from './waiting-events.ts';

export type EventsInspectorOptions = {
  readonly redisUrl: string;
  readonly prefix: string;
  /** How long each call may take; 1,000 by default. */
  readonly deadlineMs?: number;
  readonly logger: QueueLogger;
};

/** How many jobs are in each state; `delayed` counts those that wait for a retry, `parked` the others. */
export type QueueCounts = {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
  readonly parked: number;
};

/** A job as the queue holds it. */
export type FoundJob = {
  readonly id: string;
  readonly name: string;
  readonly state: 'waiting' | 'active' | 'delayed' | 'failed' | 'completed' | 'unknown';
  /** Null when it is not an events job. */
  readonly data: EventsJob | null;
  readonly addedAt: Date;
  readonly startedAt: Date | null;
  /** When a delayed job is due. */
  readonly dueAt: Date | null;
  readonly attemptsMade: number;
  readonly stalledCount: number;
  readonly failedReason: string | null;
};

/** What looks into the queue `events` and changes nothing. Every call rejects with `DependencyAwayError`. */
export type EventsInspector = {
  readCounts(): Promise<QueueCounts>;
  /** Counts the events in waiting jobs; from 1,000 jobs on an estimate. */
  countWaitingEvents(): Promise<number>;
  /** Returns how long the next job has waited since it was due, in milliseconds; null when none waits. */
  readOldestWaitingMs(): Promise<number | null>;
  findJob(jobId: string): Promise<FoundJob | null>;
  /** Tells for each id, in their order, whether the queue holds such a job in any state. */
  hasJobs(jobIds: readonly string[]): Promise<readonly boolean[]>;
  /** Returns how many events each batch's job holds, in their order; null for one that has no job (any more). */
  countBatchEvents(batches: readonly BatchName[]): Promise<readonly (number | null)[]>;
  /** Counts the events of the batches that workers have in hand. */
  countActiveBatchEvents(): Promise<number>;
  /** Lists the events of waiting, active or delayed jobs, newest job first. */
  listEvents(query: QueuedEventsQuery): Promise<QueuedEventsPage>;
  readMark(eventId: string): Promise<Mark | null>;
  /** Reads since when maintenance is on; null when it is off. */
  readMaintenance(): Promise<Date | null>;
  /** Resolves when Redis answers. */
  ping(): Promise<void>;
  /** Lets go within `deadlineMs` (1,000 by default), whatever Redis does. */
  close(deadlineMs?: number): Promise<void>;
};

/** Keys asked for in one pipeline. */
const CHUNK = 1000;

/** Creates an inspector and returns at once; while Redis is away its calls reject, and when it returns they work. */
export function createEventsInspector(options: EventsInspectorOptions): EventsInspector {
  const { redisUrl, prefix, deadlineMs = 1000, logger } = options;
  const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs: deadlineMs, logger });
  const { client } = redis;
  const queue = new Queue<unknown>(
    QUEUES.events,
    toQueueOptions(client, prefix),
    createBackendFactory({ main: client }),
  );
  queue.on('error', redis.reportError);

  async function readCounts(): Promise<QueueCounts> {
    const pipeline = client
      .pipeline()
      .llen(queue.toKey('wait'))
      .llen(queue.toKey('active'))
      .zcard(queue.toKey('delayed'))
      .zcard(queue.toKey('failed'))
      .zintercard(2, queue.toKey('delayed'), toParkedKey(prefix));
    const [waiting = 0, active = 0, delayed = 0, failed = 0, parked = 0] = (
      await execPipeline(pipeline, deadlineMs, 'for the counts')
    ).map(Number);
    return { waiting, active, delayed: Math.max(0, delayed - parked), failed, parked };
  }

  async function readOldestWaitingMs(): Promise<number | null> {
    const id = await withinDeadline(client.lindex(queue.toKey('wait'), -1), deadlineMs, 'for the next job');
    if (id === null) return null;
    const fields = client.hmget(queue.toKey(id), ...WAITING_SINCE_FIELDS);
    const sinceMs = toWaitingSinceMs(await withinDeadline(fields, deadlineMs, 'for its age'));
    return sinceMs === null ? null : Math.max(0, Date.now() - sinceMs);
  }

  async function findJob(jobId: string): Promise<FoundJob | null> {
    const job = await withinDeadline(queue.getJob(jobId), deadlineMs, 'for a job');
    if (!job) return null;
    return toFoundJob(job, await withinDeadline(job.getState(), deadlineMs, "for a job's state"));
  }

  async function hasJobs(jobIds: readonly string[]): Promise<readonly boolean[]> {
    const found: boolean[] = [];
    for (let start = 0; start < jobIds.length; start += CHUNK) {
      const pipeline = client.pipeline();
      for (const id of jobIds.slice(start, start + CHUNK)) pipeline.exists(queue.toKey(id));
      const replies = await execPipeline(pipeline, deadlineMs, 'for known jobs');
      for (const reply of replies) found.push(reply === 1);
    }
    return found;
  }

  async function countBatchEvents(batches: readonly BatchName[]): Promise<readonly (number | null)[]> {
    const counts: (number | null)[] = [];
    for (let start = 0; start < batches.length; start += CHUNK) {
      const chunk = batches.slice(start, start + CHUNK);
      const pipeline = client.pipeline();
      for (const { instance, seq } of chunk) pipeline.hget(queue.toKey(toBatchJobId(instance, seq)), 'opts');
      const replies = await execPipeline(pipeline, deadlineMs, 'for the batches');
      for (const [index, opts] of replies.entries()) {
        const batch = chunk[index];
        counts.push(typeof opts !== 'string' || batch === undefined ? null : await countEvents(opts, batch));
      }
    }
    return counts;
  }

  async function countActiveBatchEvents(): Promise<number> {
    const ids = await withinDeadline(
      client.lrange(queue.toKey('active'), 0, -1),
      deadlineMs,
      'for the active jobs',
    );
    const batches = ids.map(parseBatchJobId).filter((batch) => batch !== null);
    return (await countBatchEvents(batches)).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  }

  async function countEvents(opts: string, { instance, seq }: BatchName): Promise<number | null> {
    const { eventCount } = JSON.parse(opts) as { eventCount?: unknown };
    if (typeof eventCount === 'number') return eventCount;
    // Added by a producer that did not say.
    return (await findJob(toBatchJobId(instance, seq)))?.data?.events.length ?? null;
  }

  return {
    readCounts,
    countWaitingEvents: () => countWaitingEvents({ client, toKey: (type) => queue.toKey(type), deadlineMs }),
    readOldestWaitingMs,
    findJob,
    hasJobs,
    countBatchEvents,
    countActiveBatchEvents,
    listEvents: (query) =>
      listQueuedEvents({ client, toKey: (type) => queue.toKey(type), deadlineMs }, query),
    async readMark(eventId) {
      return parseMark(
        await withinDeadline(client.get(toMarkKey(prefix, eventId)), deadlineMs, 'for a mark'),
      );
    },
    readMaintenance: () => readMaintenance(client, prefix, deadlineMs),
    ping: redis.ping,
    async close(closeDeadlineMs = 1000) {
      await redis.close(closeDeadlineMs);
      await queue.close();
    },
  };
}

/** Reads what `toBatchJobId` wrote; null for the id of any other job. */
function parseBatchJobId(jobId: string): BatchName | null {
  const [, instance, seq] = /^b-(.+)-(\d+)$/.exec(jobId) ?? [];
  return instance === undefined ? null : { instance, seq: Number(seq) };
}

function toFoundJob(job: Job<unknown>, state: string): FoundJob {
  const parsed = eventsJobSchema.safeParse(job.data);
  const isDelayed = state === 'delayed';
  return {
    id: job.id ?? '',
    name: job.name,
    state: toState(state),
    data: parsed.success ? parsed.data : null,
    addedAt: new Date(job.timestamp),
    startedAt: job.processedOn === undefined ? null : new Date(job.processedOn),
    // A retry's delay runs from the moment the attempt failed, which BullMQ does not keep; it started then or before.
    dueAt: isDelayed ? new Date(Math.max(job.timestamp, job.processedOn ?? 0) + job.delay) : null,
    attemptsMade: job.attemptsMade,
    stalledCount: job.stalledCounter,
    failedReason: job.failedReason ?? null,
  };
}

const STATES = ['waiting', 'active', 'delayed', 'failed', 'completed'] as const;

function toState(state: string): FoundJob['state'] {
  return STATES.find((known) => known === state) ?? 'unknown';
}
