/**
 * The worker of the queue `events`, as a job sees it:
 *
 *  1. It is fetched and looked at: a job of an envelope that this worker does not know is parked, a malformed one
 *     fails for good, with the reason.
 *  2. `process` decides what becomes of it; this file only tells BullMQ. BullMQ itself never gives a job up:
 *     neither its attempts nor its stalls are limited here.
 *  3. `done` removes it; `retry` delays it and counts an attempt; `dead` moves it to the failed jobs.
 *  4. `hold` and `park` put it back without counting an attempt. (`attemptsStarted` grows with every fetch; nothing
 *     looks at it.) While fetching is paused a held job becomes the next to be fetched, by whichever worker; else
 *     it comes back after a second, so that a dependency that is away is not hammered.
 */
import { type EventsJob, eventsJobSchema, QUEUES } from '@sluice/contracts/queues';
import { DelayedError, type Job, QueueKeys, UnrecoverableError, WaitingError } from 'bullmq';
import { type BoundedWorker, createBoundedWorker } from './bounded-worker.ts';
import { defineNoteDue } from './due-time.ts';
import { BACKOFF_TYPE } from './events-job-options.ts';
import { createErrorReporter, type QueueLogger } from './queue-logger.ts';
import { withinDeadline } from './redis-deadline.ts';
import { toParkedKey } from './redis-keys.ts';
import { readServerMs } from './server-time.ts';

/** A job as `process` gets it. */
export type EventsJobView = {
  readonly id: string;
  readonly name: string;
  readonly data: EventsJob;
  /** Attempts that this job has made and that failed. */
  readonly attemptsMade: number;
  /** How often a worker died, or lost the job's lock, while it held the job. */
  readonly stalledCount: number;
  /** Keeps other data with the job, for whoever fetches it next. @throws DependencyAwayError */
  readonly updateData: (data: EventsJob) => Promise<void>;
};

/** What becomes of a job; `hold` and `park` count no attempt. */
export type ProcessResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly message: string }
  | { readonly kind: 'dead'; readonly message: string }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'park'; readonly delayMs: number; readonly data?: EventsJob };

export type EventsWorkerOptions = {
  readonly redisUrl: string;
  readonly prefix: string;
  /** Shown in Bull Board. */
  readonly name?: string;
  /** Jobs in hand at once; 40 by default. */
  readonly concurrency?: number;
  readonly process: (job: EventsJobView) => Promise<ProcessResult>;
  /** Returns the pause after the given failed attempt, counted from 1 within the run. */
  readonly backoffMs: (attempt: number) => number;
  /** How long a job stays this worker's without a sign of life; 15,000 by default. */
  readonly lockDurationMs?: number;
  /** How often jobs of dead workers are looked for; 5,000 by default. */
  readonly stalledIntervalMs?: number;
  readonly logger: QueueLogger;
};

/** A running worker of the queue `events`. */
export type EventsWorker = Omit<BoundedWorker, 'redis'>;

/** How long Redis may take to keep a job's data. */
const UPDATE_MS = 5000;

/** How long a held job rests while fetching goes on, and a job of an unknown envelope until it is looked at again. */
const HOLD_MS = 1000;
const UNKNOWN_ENVELOPE_MS = 30_000;

/** Creates a worker of the queue `events` and starts it; Redis may be away. */
export function createEventsWorker(options: EventsWorkerOptions): EventsWorker {
  const { redisUrl, prefix, name, concurrency = 40, process, backoffMs, logger } = options;
  const { lockDurationMs = 15_000, stalledIntervalMs = 5000 } = options;
  const reportJob = createErrorReporter(logger, { queue: QUEUES.events });
  const worker = createBoundedWorker<unknown>(
    {
      queue: QUEUES.events,
      redisUrl,
      prefix,
      ...(name === undefined ? {} : { name }),
      logger,
      worker: {
        concurrency,
        lockDuration: lockDurationMs,
        stalledInterval: stalledIntervalMs,
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        settings: { backoffStrategy: toDelayMs },
      },
    },
    settle,
  );
  const { client, reportError } = worker.redis;
  const noteDue = defineNoteDue(client);
  const keys = new QueueKeys(prefix);

  function toDelayMs(attemptsMade: number, _type?: string, _error?: Error, job?: { data?: unknown }): number {
    const before = isEventsJob(job?.data) ? (job.data.single?.attemptsBefore ?? 0) : 0;
    // BullMQ takes 0 for "at once, behind the others" and -1 for "give up", which is not its to decide.
    return Math.max(1, Math.round(backoffMs(before + attemptsMade)));
  }

  async function settle(job: Job<unknown>, token: string): Promise<void> {
    const { data } = job;
    if (!isEventsJob(data)) return refuse(job, token);
    const result = await decide(job, data);
    switch (result.kind) {
      case 'done':
        if (data.park !== undefined) await unpark(job);
        return;
      case 'retry':
        if (data.park !== undefined) await unpark(job);
        return retry(job, result.message);
      case 'dead':
        if (data.park !== undefined) await unpark(job);
        throw toJobError(new UnrecoverableError(result.message));
      case 'hold':
        return hold(job, token);
      case 'park':
        return park(job, token, result.delayMs, result.data);
    }
  }

  async function decide(job: Job<unknown>, data: EventsJob): Promise<ProcessResult> {
    try {
      return await process({
        id: job.id ?? '',
        name: job.name,
        data,
        attemptsMade: job.attemptsMade,
        stalledCount: job.stalledCounter,
        updateData: (next) => withinDeadline(job.updateData(next), UPDATE_MS, 'to keep a job'),
      });
    } catch (error) {
      // `process` foresees every failure it can judge. What still escapes is a defect or a missing resource: one
      // event may be tried again and in the end die of it, but a batch has no attempts to use up, its events
      // would be lost from sight together; so it waits for a worker that can.
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      reportJob(error instanceof Error ? error : new Error(message));
      return data.single === undefined ? { kind: 'hold', reason: message } : { kind: 'retry', message };
    }
  }

  function retry(job: Job<unknown>, message: string): never {
    // Only in memory: whether there is another attempt has been decided, from settings that need not be those of
    // the process which added the job.
    job.opts.attempts = job.attemptsMade + 2;
    job.opts.backoff = { type: BACKOFF_TYPE };
    throw toJobError(new Error(message));
  }

  async function hold(job: Job<unknown>, token: string): Promise<never> {
    return putBack(job, async () => {
      if (!worker.isPaused()) return delay(job, token, HOLD_MS);
      await job.moveToWait(token);
      return new WaitingError();
    });
  }

  async function park(job: Job<unknown>, token: string, delayMs: number, data?: EventsJob): Promise<never> {
    return putBack(job, async () => {
      if (data !== undefined) await job.updateData(data);
      const jobKey = keys.toKey(QUEUES.events, job.id ?? '');
      await Promise.all([
        client.sadd(toParkedKey(prefix), job.id ?? '').catch(reportError),
        readServerMs(client)
          .then((nowMs) => noteDue(jobKey, nowMs + delayMs))
          .catch(reportError),
      ]);
      return delay(job, token, delayMs);
    });
  }

  async function delay(job: Job<unknown>, token: string, delayMs: number): Promise<Error> {
    await job.moveToDelayed(Date.now() + Math.max(1, Math.round(delayMs)), token);
    return new DelayedError();
  }

  /**
   * Throws what tells BullMQ that the job has left its hands. When it could not be moved, the same: any other
   * error would fail the job for good. It stays locked until the lock runs out, and is given again as stalled.
   */
  async function putBack(job: Job<unknown>, move: () => Promise<Error>): Promise<never> {
    let told: Error;
    try {
      told = await move();
    } catch (error) {
      reportJob(new Error(`The job ${job.id} could not be put back: ${(error as Error).message}`));
      told = new WaitingError();
    }
    throw told;
  }

  function refuse(job: Job<unknown>, token: string): Promise<never> {
    const { data } = job;
    const envelope =
      typeof data === 'object' && data !== null && 'envelope' in data ? data.envelope : undefined;
    if (typeof envelope === 'number' && envelope !== 1) {
      reportJob(
        new Error(`This worker does not know the envelope ${envelope}; its jobs wait for one that does.`),
      );
      return park(job, token, UNKNOWN_ENVELOPE_MS * (0.5 + Math.random() / 2));
    }
    const problems = eventsJobSchema.safeParse(data).error?.issues ?? [];
    const reasons = problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw toJobError(new UnrecoverableError(`Not an events job: ${reasons.join('; ')}`.slice(0, 1000)));
  }

  /** The set of parked jobs may hold too much without harm, so nothing fails for it. */
  async function unpark(job: Job<unknown>): Promise<void> {
    await client.srem(toParkedKey(prefix), job.id ?? '').catch(reportError);
  }

  return worker;
}

/** Checks the frame only: every producer validated the events, and zod on each would double the cost of a job. */
function isEventsJob(data: unknown): data is EventsJob {
  if (typeof data !== 'object' || data === null) return false;
  const job = data as Partial<Record<keyof EventsJob, unknown>>;
  return (
    job.envelope === 1 &&
    typeof job.instance === 'string' &&
    typeof job.seq === 'number' &&
    Array.isArray(job.events) &&
    job.events.length > 0
  );
}

/** A stack would only show this file; operators shall see one line for each attempt. */
function toJobError<E extends Error>(error: E): E {
  error.stack = error.message;
  return error;
}
