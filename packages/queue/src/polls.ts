import { type PollJob, pollJobSchema, QUEUES, toPollJobId } from '@sluice/contracts/queues';
import { Queue, UnrecoverableError } from 'bullmq';
import { type BoundedWorker, createBoundedWorker } from './bounded-worker.ts';
import { createBackendFactory, keepQueueMeta, toQueueOptions } from './bullmq-backend.ts';
import { createRedis } from './connection.ts';
import type { QueueLogger } from './queue-logger.ts';
import { withinDeadline } from './redis-deadline.ts';

export type PollsProducerOptions = {
  readonly redisUrl: string;
  readonly prefix: string;
  /** How long each call may take; 1,000 by default. */
  readonly deadlineMs?: number;
  readonly logger: QueueLogger;
};

/** What fills the queue `polls`. */
export type PollsProducer = {
  /**
   * Adds the poll of a source for one slot of its schedule; whoever adds it again, before or after it ran, adds
   * nothing.
   *
   * @throws DependencyAwayError
   */
  addPoll(poll: PollJob): Promise<void>;
  /** Lets go within `deadlineMs` (1,000 by default), whatever Redis does. */
  close(deadlineMs?: number): Promise<void>;
};

export type PollsWorkerOptions = {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly name?: string;
  /** Polls in hand at once; 32 by default. */
  readonly concurrency?: number;
  /** Polls a source; a rejection fails the job, and the schedule's next slot is the next attempt. */
  readonly process: (poll: PollJob) => Promise<void>;
  /** How long a poll stays this worker's without a sign of life; 30,000 by default. */
  readonly lockDurationMs?: number;
  readonly logger: QueueLogger;
};

/** A running worker of the queue `polls`. */
export type PollsWorker = Omit<BoundedWorker, 'redis'>;

/**
 * Ended polls are kept so that a scheduler that ticks late adds no second job for a slot: far longer than clocks
 * and ticks of replicas differ.
 */
const ENDED_KEPT = { age: 3600, count: 1000 } as const;

/** Creates what fills the queue `polls` and returns at once; while Redis is away its calls reject. */
export function createPollsProducer(options: PollsProducerOptions): PollsProducer {
  const { redisUrl, prefix, deadlineMs = 1000, logger } = options;
  const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs: deadlineMs, logger });
  const queue = new Queue<PollJob>(
    QUEUES.polls,
    toQueueOptions(redis.client, prefix),
    createBackendFactory({ main: redis.client }),
  );
  queue.on('error', redis.reportError);
  keepQueueMeta(redis.client, queue.getBackend(), redis.reportError);

  return {
    async addPoll(poll) {
      const adding = queue.add(poll.source, poll, {
        jobId: toPollJobId(poll.source, poll.slot),
        removeOnComplete: ENDED_KEPT,
        removeOnFail: ENDED_KEPT,
      });
      await withinDeadline(adding, deadlineMs, 'the poll');
    },
    async close(closeDeadlineMs = 1000) {
      await redis.close(closeDeadlineMs);
      await queue.close();
    },
  };
}

/** Creates a worker of the queue `polls` and starts it; Redis may be away. */
export function createPollsWorker(options: PollsWorkerOptions): PollsWorker {
  const { redisUrl, prefix, name, concurrency = 32, process, lockDurationMs = 30_000, logger } = options;
  return createBoundedWorker<unknown>(
    {
      queue: QUEUES.polls,
      redisUrl,
      prefix,
      ...(name === undefined ? {} : { name }),
      logger,
      // A poll whose scheduler died runs once more at most: the next slot comes anyway.
      worker: {
        concurrency,
        lockDuration: lockDurationMs,
        stalledInterval: lockDurationMs,
        maxStalledCount: 1,
      },
    },
    async (job) => {
      const poll = pollJobSchema.safeParse(job.data);
      if (!poll.success) throw new UnrecoverableError(`Not a poll job: ${poll.error.message}`.slice(0, 1000));
      await process(poll.data);
    },
  );
}
