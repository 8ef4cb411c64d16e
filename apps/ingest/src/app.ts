import { Readable } from 'node:stream';
import type { CheckKey } from '@sluice/contracts/access';
import type { Accepted } from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import { toPointer } from '@sluice/normalizer/json-pointer';
import type { Kept } from '@sluice/protocol/group-commit';
import { addAccess } from '@sluice/runtime/access';
import { addErrorsRoute, isErrorsPage } from '@sluice/runtime/errors-route';
import { addHealthRoutes, type Health, isProbe } from '@sluice/runtime/health';
import { createHttpServer, type HttpServer, toTrustProxy } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import { toProblem } from '@sluice/runtime/problems';
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import type { Acceptor, Handshake } from './acceptor.ts';
import { answerBatch } from './batch/answer-batch.ts';
import { type BatchIntake, isCloudEventBatch } from './batch/batch-intake.ts';
import { readChunks, toTooLarge } from './batch/read-chunks.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { readCause } from './refusal.ts';
import type { RejectionLog } from './rejection-log.ts';

export type IngestAppOptions = {
  readonly logger: Logger;
  readonly maxBodyBytes: number;
  readonly acceptor: Acceptor;
  readonly rejections: RejectionLog;
  readonly metrics: IngestMetrics;
  readonly health: Health;
  /** Checks the keys of senders; null = nobody is asked (`AUTH=off`). */
  readonly checkKey: CheckKey | null;
  /** Proxies that are believed; nobody by default. */
  readonly trustedProxies?: readonly string[];
  readonly now: () => number;
};

/** How many unknown parameters an answer names. */
const MAX_NAMED = 10;

const MAX_BATCH_BYTES = 10 * 1024 * 1024;

/** With 2.5 s for what is under way then, a batch is answered before the server gives up its request after 10 s. */
const MAX_BATCH_MS = 7000;

const SENDERS = { role: 'sender' } as const;

/** A webhook needs no key: the scheme of its source tells who sends it. */
const SIGNED = { role: 'anybody' } as const;

/** Creates the HTTP side of ingest; it is not listening yet. */
export function createIngestApp(options: IngestAppOptions): HttpServer {
  const { logger, maxBodyBytes, acceptor, rejections, metrics, health, checkKey, now } = options;
  const answering = { logger, submit: acceptor.submit, metrics, rejections, maxMs: MAX_BATCH_MS };
  const server = createHttpServer({
    logger,
    maxBodyBytes,
    rawBody: true,
    trustProxy: toTrustProxy(options.trustedProxies),
    onUnrouted: ({ code }) => metrics.rejected(code, code),
  });
  server.addHook('onRequest', (request, _reply, done) => {
    done(isProbe(request) || isErrorsPage(request) ? undefined : toQueryProblem(request.query));
  });
  addAccess(server, checkKey);
  addHealthRoutes(server, health);
  addErrorsRoute(server);

  server.post('/api/events', { config: SENDERS }, async (request, reply) => {
    const incoming = toSent(request);
    if (isCloudEventBatch(request.headers['content-type'])) {
      return answerWhole(request, reply, acceptor.openBatch(incoming), incoming.body);
    }
    return answer(reply, await timed(() => acceptor.acceptSubmission(incoming)));
  });
  server.post('/vital-data', { config: SENDERS }, async (request, reply) =>
    answer(reply, await timed(() => acceptor.acceptVitalData(toSent(request)))),
  );
  server.post<{ Params: { source: string } }>(
    '/hooks/:source',
    { config: SIGNED },
    async (request, reply) => {
      const { source } = request.params;
      const incoming = { headers: request.headers, body: toBytes(request.body) };
      if (isCloudEventBatch(request.headers['content-type'])) {
        return answerWhole(request, reply, acceptor.openWebhookBatch(source, incoming), incoming.body);
      }
      return answer(reply, await timed(() => acceptor.acceptWebhook(source, incoming)));
    },
  );
  const batches: FastifyPluginCallback = (scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.post('/api/events/batch', { config: SENDERS }, async (request, reply) => {
      const intake = acceptor.openBatch(toSent(request));
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
      metrics.rejected(problem.code, readCause(error, problem));
      // Whoever tries addresses at random would push out the refusals that somebody looks for.
      if (problem.code !== 'ERR_NOT_FOUND') rejections.add(request, problem, error);
    }
    done();
  });

  /** Answers a batch that has arrived already. */
  function answerWhole(request: FastifyRequest, reply: FastifyReply, intake: BatchIntake, body: Buffer) {
    return answerBatch({ request, reply }, { chunks: Readable.from([body]), intake }, answering);
  }

  async function timed<Taken extends Kept | Handshake>(accept: () => Promise<Taken>): Promise<Taken> {
    const startedMs = now();
    const taken = await accept();
    if ('challenge' in taken) metrics.handshake();
    else metrics.accepted((now() - startedMs) / 1000, taken.duplicate);
    return taken;
  }

  return server;
}

/** Refuses any query, which no route for events takes: a parameter that is ignored would hide a sender's mistake. */
function toQueryProblem(query: unknown): ProblemException | undefined {
  const names = typeof query === 'object' && query !== null ? Object.keys(query) : [];
  if (names.length === 0) return undefined;
  const errors = names.slice(0, MAX_NAMED).map((name) => ({ pointer: toPointer([name]), detail: 'unknown' }));
  return new ProblemException('ERR_QUERY_INVALID', 'This address takes no query parameters.', { errors });
}

function toSent({ headers, body, caller }: Pick<FastifyRequest, 'headers' | 'body' | 'caller'>) {
  return { headers, body: toBytes(body), caller };
}

function toBytes(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function answer(reply: FastifyReply, taken: Kept | Handshake): FastifyReply {
  if ('challenge' in taken) return reply.code(200).send({ challenge: taken.challenge });
  const accepted: Accepted = { id: taken.id, status: 'accepted', duplicate: taken.duplicate };
  return reply.code(202).header('location', `/api/events/${taken.id}`).send(accepted);
}
