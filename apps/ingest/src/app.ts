import type { Accepted } from '@sluice/contracts/api';
import type { Kept } from '@sluice/protocol/group-commit';
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

/** Creates the HTTP side of ingest; it is not listening yet. */
export function createIngestApp(options: IngestAppOptions): HttpServer {
  const { logger, maxBodyBytes, acceptor, rejections, metrics, health, now } = options;
  const server = createHttpServer({ logger, maxBodyBytes, rawBody: true });
  addHealthRoutes(server, health);

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
    if (!request.is404 && problem.status < 500) {
      metrics.rejected(problem.code);
      rejections.add(request, problem, error);
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
