/**
 * A BullMQ worker that ends when it is told to, from its creation to its end:
 *
 *  1. It is created without waiting for Redis and fetches as soon as there is one.
 *  2. Its two connections are ours: `main` for scripts, `blocking` for waiting. Both outlive every outage.
 *  3. `pause` stops fetching and leaves jobs in hand alone; `resume` starts it again.
 *  4. `close` stops fetching and waits for the jobs in hand, up to the deadline.
 *  5. After the deadline both connections are cut. Whatever BullMQ still waits for is rejected, so that none of
 *     its timers keeps the process. A job whose end Redis did not hear of is given again: its lock runs out.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type Job, Worker, type WorkerOptions } from 'bullmq';
import { createBackendFactory, toQueueOptions } from './bullmq-backend.ts';
import { createRedis, endConnection, type RedisHandle } from './connection.ts';
import type { QueueLogger } from './queue-logger.ts';
import { relieveFullMemory } from './relieve-full-memory.ts';

export type BoundedWorkerOptions = {
  readonly queue: string;
  readonly redisUrl: string;
  readonly prefix: string;
  /** Shown in Bull Board. */
  readonly name?: string;
  readonly logger: QueueLogger;
  readonly worker: Pick<
    WorkerOptions,
    'concurrency' | 'maxStalledCount' | 'lockDuration' | 'stalledInterval' | 'settings'
  >;
};

/** A running worker. */
export type BoundedWorker = {
  /** The connection for scripts: its commands wait for Redis, and are rejected once the worker is closed. */
  readonly redis: RedisHandle;
  /** Stops fetching; jobs in hand go on. */
  pause(): Promise<void>;
  /** Fetches again. */
  resume(): Promise<void>;
  isPaused(): boolean;
  /** Resolves when Redis answers. @throws DependencyAwayError */
  ping(): Promise<void>;
  /** Stops fetching, waits for the jobs in hand, and lets go within `deadlineMs`, whatever Redis does. */
  close(options: { readonly deadlineMs: number }): Promise<void>;
};

/** How long BullMQ may take to notice that its connections were cut. */
const CUT_MS = 250;

/** Creates a worker that hands every job and its lock token to `processJob`, and starts it. */
export function createBoundedWorker<Data>(
  options: BoundedWorkerOptions,
  processJob: (job: Job<Data>, token: string) => Promise<void>,
): BoundedWorker {
  const { queue, redisUrl, prefix, name, logger } = options;
  const clientName = `${prefix}:${Buffer.from(queue).toString('base64')}${name === undefined ? '' : `:w:${name}`}`;
  const main = createRedis({ url: redisUrl, role: 'worker', logger });
  relieveFullMemory(main.client);
  const blocking = createRedis({ url: redisUrl, role: 'blocking', logger, connectionName: clientName });
  const worker = new Worker<Data, void>(
    queue,
    (job, token) => processJob(job, token ?? ''),
    {
      ...toQueueOptions(main.client, prefix),
      ...options.worker,
      ...(name === undefined ? {} : { name }),
      // Delayed jobs are promoted when a worker looks: nobody may sleep past their time for long.
      drainDelay: 5,
      runRetryDelay: 1000,
    },
    createBackendFactory({ main: main.client, blocking: blocking.client }),
  );
  worker.on('error', main.reportError);
  let closing: Promise<void> | undefined;
  let isClosed = false;
  worker.on('closed', () => {
    isClosed = true;
  });

  async function resume(): Promise<void> {
    await worker.resume();
    // A loop that was just ending when `resume` looked has ended by the next turn, and nothing would fetch again.
    await new Promise((resolve) => setImmediate(resolve));
    if (closing === undefined && !worker.isPaused() && !worker.isRunning()) await worker.resume();
  }

  async function closeOnce(deadlineMs: number): Promise<void> {
    const closed = worker.close();
    // BullMQ waits for the blocking connection to end; one that is between two attempts never would.
    await Promise.resolve();
    if (blocking.client.status !== 'ready') endConnection(blocking.client);
    const deadline = new AbortController();
    await Promise.race([
      closed,
      wait(deadlineMs, undefined, { signal: deadline.signal }).catch(() => undefined),
    ]);
    deadline.abort();
    if (!isClosed) {
      endConnection(blocking.client);
      endConnection(main.client);
      await Promise.race([closed, wait(CUT_MS, undefined, { ref: false })]);
    }
    await Promise.all([main.close(CUT_MS), blocking.close(CUT_MS)]);
  }

  return {
    redis: main,
    pause: () => worker.pause(true),
    resume,
    isPaused: () => worker.isPaused(),
    ping: main.ping,
    close({ deadlineMs }) {
      closing ??= closeOnce(deadlineMs);
      return closing;
    },
  };
}
