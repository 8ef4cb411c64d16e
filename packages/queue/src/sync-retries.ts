/**
 * The queue `sync`: documents that the backup refused, each tried again after 1, 5, 15, 30 and 60 s.
 *
 *  1. `addRetry` adds a job that waits for a second; adding it again changes nothing.
 *  2. The worker hands it over. What is refused again is a failed attempt: it waits for its next turn, and after the
 *     last one it is a failed job, which Bull Board shows.
 *  3. `hold` puts it back without counting an attempt: nothing can be copied now.
 */
import {
  QUEUES,
  type SyncJob,
  syncJobSchema,
  toSyncJobId,
  toSyncRetryDelayMs,
} from '@sluice/contracts/queues';
import { DelayedError, Queue, UnrecoverableError } from 'bullmq';
import { type BoundedWorker, createBoundedWorker } from './bounded-worker.ts';
import { createBackendFactory, keepQueueMeta, toQueueOptions } from './bullmq-backend.ts';
import { createRedis } from './connection.ts';
import type { QueueLogger } from './queue-logger.ts';
import { withinDeadline } from './redis-deadline.ts';

type Options = {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly logger: QueueLogger;
};

/** What fills the queue `sync`. */
export type SyncRetryProducer = {
  /**
   * Adds the retries of a refused document, at most `maxRetries` of them; nothing when they are added already.
   *
   * @throws DependencyAwayError
   */
  addRetry(job: SyncJob, maxRetries: number): Promise<void>;
  /** Lets go within `deadlineMs` (1,000 by default), whatever Redis does. */
  close(deadlineMs?: number): Promise<void>;
};

/** What became of a retry; `hold` counts no attempt. */
export type SyncRetryResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'hold' };

/** A retry: how many failed before in this run, and whether it is the last. */
export type SyncRetry = { readonly job: SyncJob; readonly failedBefore: number; readonly isLast: boolean };

export type SyncRetryWorkerOptions = Options & {
  readonly name?: string;
  readonly process: (retry: SyncRetry) => Promise<SyncRetryResult>;
};

const BACKOFF_TYPE = 'sync';
const ADD_MS = 1000;
const HOLD_MS = 2000;
const LOCK_MS = 30_000;
const CONCURRENCY = 10;
const DEAD_KEPT = { age: 7 * 24 * 3600, count: 10_000 } as const;

/** Creates what fills the queue `sync` and returns at once; while Redis is away its calls reject. */
export function createSyncRetryProducer({ redisUrl, prefix, logger }: Options): SyncRetryProducer {
  const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs: ADD_MS, logger });
  const queue = new Queue<SyncJob>(
    QUEUES.sync,
    toQueueOptions(redis.client, prefix),
    createBackendFactory({ main: redis.client }),
  );
  queue.on('error', redis.reportError);
  keepQueueMeta(redis.client, queue.getBackend(), redis.reportError);

  return {
    async addRetry(job, maxRetries) {
      const adding = queue.add(job.collection, job, {
        jobId: toSyncJobId(job.failure, job.run),
        attempts: maxRetries,
        delay: toSyncRetryDelayMs(0),
        backoff: { type: BACKOFF_TYPE },
        removeOnComplete: true,
        removeOnFail: DEAD_KEPT,
      });
      await withinDeadline(adding, ADD_MS, 'the retry');
    },
    async close(closeDeadlineMs = 1000) {
      await redis.close(closeDeadlineMs);
      await queue.close();
    },
  };
}

/** Creates a worker of the queue `sync` and starts it; Redis may be away. */
export function createSyncRetryWorker(options: SyncRetryWorkerOptions): Omit<BoundedWorker, 'redis'> {
  const { redisUrl, prefix, logger, name, process } = options;
  return createBoundedWorker<unknown>(
    {
      queue: QUEUES.sync,
      redisUrl,
      prefix,
      logger,
      ...(name === undefined ? {} : { name }),
      worker: {
        concurrency: CONCURRENCY,
        lockDuration: LOCK_MS,
        stalledInterval: LOCK_MS / 3,
        // The one who held it may have been killed for any reason: a document is never given up for that.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        settings: { backoffStrategy: toSyncRetryDelayMs },
      },
    },
    async (job, token) => {
      const parsed = syncJobSchema.safeParse(job.data);
      if (!parsed.success) throw new UnrecoverableError('This is not a job of the queue sync.');
      const result = await process({
        job: parsed.data,
        failedBefore: job.attemptsMade,
        isLast: job.attemptsMade + 1 >= (job.opts.attempts ?? 1),
      });
      if (result.kind === 'done') return;
      if (result.kind === 'hold') {
        await job.moveToDelayed(Date.now() + HOLD_MS, token);
        throw new DelayedError();
      }
      const error = new Error(result.message);
      // A stack would only show this file.
      error.stack = error.message;
      throw error;
    },
  );
}
