import { createBullBoard } from '@bull-board/api';
import { FastifyAdapter } from '@bull-board/fastify';
import { isJsonObject } from '@sluice/contracts/json';
import { QUEUES } from '@sluice/contracts/queues';
import { Queue } from 'bullmq';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { toBoardError } from './board-errors.ts';
import { createBackendFactory, toQueueOptions } from './bullmq-backend.ts';
import { createRedis } from './connection.ts';
import { FreshRetryAdapter } from './fresh-retry-adapter.ts';
import type { QueueLogger } from './queue-logger.ts';
import { withinDeadline } from './redis-deadline.ts';

export type BullBoardOptions = {
  readonly redisUrl: string;
  readonly prefix: string;
  /** Tells whether who asks may retry and promote; who may not finds nothing to press. Everybody may by default. */
  readonly mayOperate?: (request: FastifyRequest) => boolean;
  /**
   * Answers what went wrong: DependencyAwayError while Redis is away, ProblemException where the job does not allow it,
   * any other error for a defect. By default Bull Board does, with 500.
   */
  readonly answerError?: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
  readonly logger: QueueLogger;
};

/** Where the board is. */
const BOARD_PATH = '/admin/queues';

/** How long a command to Redis may take, and all that one request needs. */
const COMMAND_MS = 1500;
const REQUEST_MS = 2000;

/** Changes of a whole queue; they take as long as it has jobs. */
const LONG_CHANGES: readonly string[] = [
  'put /api/queues/:queueName/retry/:queueStatus',
  'put /api/queues/:queueName/promote',
];

/**
 * What may be changed; everything else that is not a GET is answered 405, on every queue and for everybody.
 * Whatever Bull Board adds in later versions is refused until it is listed here.
 */
const ALLOWED_CHANGES: ReadonlySet<string> = new Set([
  ...LONG_CHANGES,
  'put /api/queues/:queueName/:jobId/retry',
  'put /api/queues/:queueName/:jobId/promote',
]);

/** Tells whether a route of the board, by its method and whole address, makes a change that operators may make. */
export function isAllowedChange(method: string, url: string): boolean {
  return ALLOWED_CHANGES.has(toRouteName(method, url));
}

/**
 * Registers Bull Board for the queues `events`, `polls` and `sync`: payloads are redacted, retry gives fresh attempts, and
 * jobs cannot be deleted, added or edited. Its connection closes with the server. Redis may be away.
 *
 * The board decorates replies (`view`, `sendFile`) inside its own scope: plugins that do the same belong into a
 * scope beside it, not around it.
 */
export async function registerBullBoard(fastify: FastifyInstance, options: BullBoardOptions): Promise<void> {
  const { redisUrl, prefix, mayOperate = () => true, answerError, logger } = options;
  const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs: COMMAND_MS, logger });
  const queues = [QUEUES.events, QUEUES.polls, QUEUES.sync].map((name) => {
    const backendFactory = createBackendFactory({ main: redis.client });
    return new Queue(name, toQueueOptions(redis.client, prefix), backendFactory);
  });
  for (const queue of queues) queue.on('error', redis.reportError);

  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath(BOARD_PATH);
  createBullBoard({
    queues: queues.map((queue) => new FreshRetryAdapter(queue, redis.client)),
    serverAdapter,
    options: {
      uiConfig: { boardTitle: 'Sluice', hideDocsLink: true },
      handlerHooks: { before: ({ method, route }) => refuseChange(method, route) },
    },
  });

  await fastify.register((scope, _options, done) => {
    scope.addHook('onRoute', (route) => {
      limit(route);
      if (answerError === undefined) return;
      route.errorHandler = (error, request, reply) => answerError(error, request, reply);
    });
    scope.addHook('preSerialization', async (request, _reply, payload) =>
      mayOperate(request) ? payload : toReadOnly(payload),
    );
    scope.addHook('onClose', async () => {
      await redis.close();
      await Promise.all(queues.map((queue) => queue.close()));
    });
    scope.register(serverAdapter.registerPlugin(), { prefix: BOARD_PATH });
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

/** Sees to it that a route which asks Redis fails in time, and with what can be answered. */
function limit(route: RouteOptions): void {
  if (!route.url.startsWith(`${BOARD_PATH}/api/`)) return;
  const { handler } = route;
  const isLong = [route.method]
    .flat()
    .some((method) => LONG_CHANGES.includes(toRouteName(method, route.url)));
  route.handler = async function (request, reply) {
    try {
      const answered = Promise.resolve(handler.call(this, request, reply));
      return await (isLong ? answered : withinDeadline(answered, REQUEST_MS, 'the board'));
    } catch (error) {
      throw toBoardError(error);
    }
  };
}

function toRouteName(method: string, url: string): string {
  return `${method.toLowerCase()} ${url.startsWith(BOARD_PATH) ? url.slice(BOARD_PATH.length) : url}`;
}

/** Shows the queues of an answer as ones in which nothing can be changed, so that no button is offered. */
function toReadOnly(payload: unknown): unknown {
  if (!isJsonObject(payload) || !Array.isArray(payload['queues'])) return payload;
  const queues = payload['queues'].map((queue) =>
    isJsonObject(queue) ? { ...queue, readOnlyMode: true, allowRetries: false } : queue,
  );
  return { ...payload, queues };
}
