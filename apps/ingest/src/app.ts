import { Readable } from 'node:stream';
import type { Accepted } from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import { toPointer } from '@sluice/normalizer/json-pointer';
import type { Kept } from '@sluice/protocol/group-commit';
import { addErrorsRoute } from '@sluice/runtime/errors-route';
import { addHealthRoutes, type Health } from '@sluice/runtime/health';
import { createHttpServer, type HttpServer } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import { toProblem } from '@sluice/runtime/problems';
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import type { Acceptor } from './acceptor.ts';
import { answerBatch } from './batch/answer-batch.ts';
import { type BatchIntake, isCloudEventBatch } from './batch/batch-intake.ts';
import { readChunks, toTooLarge } from './batch/read-chunks.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import type { RejectionLog } from './rejection-log.ts';

export type IngestAppOptions = {
  readonly logger: Logger;
  readonly maxBodyBytes: number;
  readonly acceptor: Acceptor;
  readonly rejections: RejectionLog;
  readonly metrics: IngestMetrics;
  readonly health: Health;
  readonly now: () => number;
};

/** How many unknown parameters an answer names. */
const MAX_NAMED = 10;

const MAX_BATCH_BYTES = 10 * 1024 * 1024;

/** With 2.5 s for what is under way then, a batch is answered before the server gives up its request after 10 s. */
const MAX_BATCH_MS = 7000;

/** Creates the HTTP side of ingest; it is not listening yet. */
export function createIngestApp(options: IngestAppOptions): HttpServer {
  const { logger, maxBodyBytes, acceptor, rejections, metrics, health, now } = options;
  const answering = { logger, submit: acceptor.submit, metrics, rejections };
  const server = createHttpServer({
    logger,
    maxBodyBytes,
    rawBody: true,
    onUnrouted: ({ code }) => metrics.rejected(code),
  });
  server.addHook('onRequest', (request, _reply, done) => {
    done(toQueryProblem(request.query));
  });
  addHealthRoutes(server, health);
  addErrorsRoute(server);

  server.post('/api/events', async (request, reply) => {
    const incoming = toIncoming(request);
    if (isCloudEventBatch(request.headers['content-type'])) {
      return answerWhole(request, reply, acceptor.openBatch(incoming.headers), incoming.body);
    }
    return answer(reply, await timed(() => acceptor.acceptSubmission(incoming)));
  });
  server.post('/vital-data', async (request, reply) =>
    answer(reply, await timed(() => acceptor.acceptVitalData(toIncoming(request)))),
  );
  server.post<{ Params: { source: string } }>('/hooks/:source', async (request, reply) => {
    const { source } = request.params;
    const incoming = toIncoming(request);
    if (isCloudEventBatch(request.headers['content-type'])) {
      return answerWhole(request, reply, acceptor.openWebhookBatch(source, incoming), incoming.body);
    }
    return answer(reply, await timed(() => acceptor.acceptWebhook(source, incoming)));
  });
  const batches: FastifyPluginCallback = (scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.post('/api/events/batch', async (request, reply) => {
      const intake = acceptor.openBatch(request.headers);
      if (Number(request.headers['content-length']) > MAX_BATCH_BYTES) throw toTooLarge(MAX_BATCH_BYTES);
      const chunks = readChunks(request.raw, { maxBytes: MAX_BATCH_BYTES, maxMs: MAX_BATCH_MS });
      return answerBatch({ request, reply }, { chunks, intake }, answering);
    });
    done();
  };
  server.register(batches);

  server.addHook('onError', (request, _reply, error, done) => {
    const { problem } = toProblem(error, request.id);
    if (problem.status < 500) {
      metrics.rejected(problem.code);
      // Whoever tries addresses at random would push out the refusals that somebody looks for.
      if (problem.code !== 'ERR_NOT_FOUND') rejections.add(request, problem, error);
    }
    done();
  });

  /** Answers a batch that has arrived already. */
  function answerWhole(request: FastifyRequest, reply: FastifyReply, intake: BatchIntake, body: Buffer) {
    return answerBatch({ request, reply }, { chunks: Readable.from([body]), intake }, answering);
  }

  async function timed(accept: () => Promise<Kept>): Promise<Kept> {
    const startedMs = now();
    const kept = await accept();
    metrics.accepted((now() - startedMs) / 1000, kept.duplicate);
    return kept;
  }

  return server;
}

/** Refuses any query, which no route here takes: a parameter that is ignored would hide a sender's mistake. */
function toQueryProblem(query: unknown): ProblemException | undefined {
  const names = typeof query === 'object' && query !== null ? Object.keys(query) : [];
  if (names.length === 0) return undefined;
  const errors = names.slice(0, MAX_NAMED).map((name) => ({ pointer: toPointer([name]), detail: 'unknown' }));
  return new ProblemException('ERR_QUERY_INVALID', 'This address takes no query parameters.', { errors });
}

function toIncoming(request: { readonly headers: Record<string, unknown>; readonly body: unknown }) {
  return {
    headers: request.headers as Record<string, string | string[] | undefined>,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
  };
}

function answer(reply: FastifyReply, kept: Kept): FastifyReply {
  const accepted: Accepted = { id: kept.id, status: 'accepted', duplicate: kept.duplicate };
  return reply.code(202).header('location', `/api/events/${kept.id}`).send(accepted);
}
