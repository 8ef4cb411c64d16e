import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { type EventsJob, eventsJobSchema, QUEUES } from '@sluice/contracts/queues';
import { toReplayJob } from '@sluice/contracts/replay';
import { type Job, Queue } from 'bullmq';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import { createBackendFactory, toQueueOptions } from './bullmq-backend.ts';
import { createRedis } from './connection.ts';
import type { QueueLogger } from './queue-logger.ts';
import { redactJobData } from './redact-job-data.ts';

/** What a request to the board is about to do. */
export type BoardAction = 'read' | 'operate';

export type BullBoardOptions = {
  readonly redisUrl: string;
  readonly prefix: string;
  /** `/admin/queues` by default. */
  readonly basePath?: string;
  /**
   * Called before every request, assets included: throws or replies when the caller may not `read`, or not
   * `operate` (retry, promote). Without it everybody may.
   */
  readonly authorize?: (request: FastifyRequest, reply: FastifyReply, action: BoardAction) => Promise<void>;
  /** How long a command to Redis may take; 2,000 by default. */
  readonly commandTimeoutMs?: number;
  readonly logger: QueueLogger;
};

/**
 * What may be changed; everything else that is not a GET is answered 405, on every queue and for everybody.
 * Whatever Bull Board adds in later versions is refused until it is listed here.
 */
const ALLOWED_CHANGES: ReadonlySet<string> = new Set([
  'put /api/queues/:queueName/retry/:queueStatus',
  'put /api/queues/:queueName/:jobId/retry',
  'put /api/queues/:queueName/promote',
  'put /api/queues/:queueName/:jobId/promote',
]);

/**
 * Registers Bull Board for the queues `events` and `polls`: payloads are redacted, retry gives fresh attempts, and
 * jobs cannot be deleted, added or edited. Its connection closes with the server. Redis may be away.
 *
 * The board decorates replies (`view`, `sendFile`) inside its own scope: plugins that do the same belong into a
 * scope beside it, not around it.
 */
export async function registerBullBoard(fastify: FastifyInstance, options: BullBoardOptions): Promise<void> {
  const {
    redisUrl,
    prefix,
    basePath = '/admin/queues',
    authorize,
    commandTimeoutMs = 2000,
    logger,
  } = options;
  const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs, logger });
  const queues = [QUEUES.events, QUEUES.polls].map((name) => {
    const backendFactory = createBackendFactory({ main: redis.client });
    return new Queue(name, toQueueOptions(redis.client, prefix), backendFactory);
  });
  for (const queue of queues) queue.on('error', redis.reportError);

  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath(basePath);
  createBullBoard({
    queues: queues.map((queue) => new FreshRetryAdapter(queue, redis.client)),
    serverAdapter,
    options: {
      uiConfig: { boardTitle: 'Sluice', hideDocsLink: true },
      handlerHooks: { before: ({ method, route }) => refuseChange(method, route) },
    },
  });

  await fastify.register((scope, _options, done) => {
    if (authorize !== undefined) {
      scope.addHook('onRequest', async (request, reply) => {
        await authorize(
          request,
          reply,
          request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'operate',
        );
      });
    }
    scope.addHook('onClose', async () => {
      await redis.close();
      await Promise.all(queues.map((queue) => queue.close()));
    });
    scope.register(serverAdapter.registerPlugin(), { prefix: basePath });
    done();
  });
}

function refuseChange(method: string, route: string) {
  if (method === 'get' || ALLOWED_CHANGES.has(`${method} ${route}`)) return { allow: true };
  return {
    allow: false,
    status: 405 as const,
    errorKey: 'ERRORS.QUEUE_READ_ONLY' as const,
    message: 'Jobs can be retried and promoted here, nothing else: a deleted job would be a lost event.',
  };
}

/** Hands jobs to Bull Board whose retry is a new run. */
class FreshRetryAdapter extends BullMQAdapter {
  readonly #client: Redis;

  constructor(queue: Queue, client: Redis) {
    super(queue, { allowRetries: true });
    this.#client = client;
    this.setFormatter('data', redactJobData);
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id);
    return job && this.#freshen(job);
  }

  override async getJobs(...args: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    return (await super.getJobs(...args)).map((job) => this.#freshen(job));
  }

  #freshen(job: Job): Job {
    const retry = job.retry.bind(job);
    job.retry = async (state = 'failed') => {
      // Parsed only as a check: fields that this version does not know stay.
      const isKnown = eventsJobSchema.safeParse(job.data).success;
      const replay = isKnown ? toReplayJob(job.data as EventsJob, Date.now()) : null;
      if (replay !== null) await job.updateData(replay);
      // BullMQ keeps the count of stalls over a retry, and a job that died of them would die at once again.
      await this.#client.hdel(this.getQueueKey(job.id ?? ''), 'stc');
      await retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true });
    };
    return job;
  }
}
