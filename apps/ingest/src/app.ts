import type { Accepted } from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import { toPointer } from '@sluice/normalizer/json-pointer';
import type { Kept } from '@sluice/protocol/group-commit';
import { addErrorsRoute } from '@sluice/runtime/errors-route';
import { addHealthRoutes, type Health } from '@sluice/runtime/health';
import { createHttpServer, type HttpServer } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import { toProblem } from '@sluice/runtime/problems';
import type { FastifyReply } from 'fastify';
import type { Acceptor } from './acceptor.ts';
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

/** Creates the HTTP side of ingest; it is not listening yet. */
export function createIngestApp(options: IngestAppOptions): HttpServer {
  const { logger, maxBodyBytes, acceptor, rejections, metrics, health, now } = options;
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

  server.post('/api/events', async (request, reply) =>
    answer(reply, await timed(() => acceptor.acceptSubmission(toIncoming(request)))),
  );
  server.post('/vital-data', async (request, reply) =>
    answer(reply, await timed(() => acceptor.acceptVitalData(toIncoming(request)))),
  );
  server.post<{ Params: { source: string } }>('/hooks/:source', async (request, reply) =>
    answer(reply, await timed(() => acceptor.acceptWebhook(request.params.source, toIncoming(request)))),
  );

  server.addHook('onError', (request, _reply, error, done) => {
    const { problem } = toProblem(error, request.id);
    if (problem.status < 500) {
      metrics.rejected(problem.code);
      // Whoever tries addresses at random would push out the refusals that somebody looks for.
      if (problem.code !== 'ERR_NOT_FOUND') rejections.add(request, problem, error);
    }
    done();
  });

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
