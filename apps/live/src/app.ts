import { ProblemException } from '@sluice/contracts/errors';
import { type StreamQuery, streamQuerySchema } from '@sluice/contracts/live';
import { addErrorsRoute } from '@sluice/runtime/errors-route';
import { addHealthRoutes, type Health } from '@sluice/runtime/health';
import { createHttpServer, type HttpServer } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import type { StreamHub } from './stream-hub.ts';

export type LiveAppOptions = {
  readonly logger: Logger;
  readonly health: Health;
  readonly hub: Pick<StreamHub, 'prepare' | 'open' | 'endStreams'>;
};

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Tells nginx and its kin to pass every message on at once.
  'x-accel-buffering': 'no',
};

/** Creates the HTTP side of live; it is not listening yet. Closing it ends every stream. */
export function createLiveApp({ logger, health, hub }: LiveAppOptions): HttpServer {
  const server = createHttpServer({ logger, maxBodyBytes: 1024 });
  addHealthRoutes(server, health);
  addErrorsRoute(server);
  server.addHook('preClose', (done) => {
    hub.endStreams();
    done();
  });
  server.route({
    method: 'GET',
    url: '/stream',
    // A HEAD request would be answered by a stream without end.
    exposeHeadRoute: false,
    async handler(request, reply) {
      const query = parseQuery(request.query);
      const lastEventId = request.headers['last-event-id'];
      await hub.prepare();
      reply.hijack();
      if (reply.raw.destroyed) return;
      reply.raw.writeHead(200, {
        'x-request-id': request.id,
        'x-content-type-options': 'nosniff',
        ...STREAM_HEADERS,
      });
      hub.open(reply.raw, query, typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : null);
    },
  });
  return server;
}

/**
 * Reads the filters of a stream.
 *
 * @throws ProblemException ERR_QUERY_INVALID
 */
function parseQuery(query: unknown): StreamQuery {
  const parsed = streamQuerySchema.safeParse(query);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ pointer: toPointer([key]), detail: 'unknown' }))
      : [{ pointer: toPointer(issue.path), detail: issue.message }],
  );
  throw new ProblemException('ERR_QUERY_INVALID', undefined, { errors });
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
