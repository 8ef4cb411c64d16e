import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Problem, ProblemException } from '@sluice/contracts/errors';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { answerClientError } from './client-error.ts';
import { addJsonParser } from './json-parser.ts';
import type { Logger } from './logger.ts';
import { PROBLEM_MEDIA_TYPE, toProblem } from './problems.ts';
import { TroubleLog } from './trouble-log.ts';
import { isWebSocketRequest } from './upgrades.ts';

/** A Fastify server as every app starts from. */
export type HttpServer = FastifyInstance;

/** What a server is made of; the defaults suit an app that faces the outside. */
export type HttpServerOptions = {
  readonly logger: Logger;
  /** Largest body, in bytes; a route may set another `bodyLimit`. */
  readonly maxBodyBytes: number;
  /** Whether every body, whatever its media type, is handed on as the Buffer that arrived (default false: JSON). */
  readonly rawBody?: boolean;
  /** Whose `X-Forwarded-*` headers are believed (default nobody's), as Fastify's `trustProxy`. */
  readonly trustProxy?: boolean | string | string[];
  /** Longest time for a request to arrive whole, in ms (default 10,000). */
  readonly requestTimeoutMs?: number;
  /** Longest silence on a connection while a request is served, in ms (default 30,000). */
  readonly connectionTimeoutMs?: number;
  /** Told of refusals that no hook hears of: of what is not HTTP, came too slowly, or has an address that is none. */
  readonly onUnrouted?: (problem: Problem) => void;
  /** Addresses on which a WebSocket may be opened (default none); see `acceptUpgrades`. */
  readonly webSocketPaths?: readonly string[];
};

/** Makes a list of proxies a server's `trustProxy`; an empty one trusts nobody. */
export function toTrustProxy(proxies: readonly string[] = []): false | string[] {
  return proxies.length === 0 ? false : [...proxies];
}

const KEEP_ALIVE_MS = 72_000;
const CHECK_CONNECTIONS_MS = 500;

/**
 * Creates a server that answers every error as problem+json, ends slow requests, gives each request an id of its
 * own and logs none of them. It is not listening yet; see `listen`.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { logger, maxBodyBytes, rawBody = false, trustProxy = false } = options;
  const { requestTimeoutMs = 10_000, connectionTimeoutMs = 30_000, onUnrouted } = options;
  const { webSocketPaths = [] } = options;
  const server = fastify({
    logController: new TroubleLog(logger),
    bodyLimit: maxBodyBytes,
    trustProxy,
    requestIdHeader: false,
    genReqId: () => `req_${randomUUID()}`,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: connectionTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      headersTimeout: Math.min(requestTimeoutMs, 5000),
      // Node looks for late requests only every 30 s unless told otherwise.
      connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
      // Refused in the words of all other refusals (`findFault`); Node's own answer would be empty.
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => isWebSocketRequest(request, webSocketPaths),
    },
    // Requests on connections that are still open are served, not turned away, while the server closes.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => {
      const problem = answerClientError(error, socket);
      if (problem !== undefined) onUnrouted?.(problem);
    },
    frameworkErrors: (error, request, reply) => {
      onUnrouted?.(toProblem(error, request.id).problem);
      setCommonHeaders(request, reply);
      answerError(error, request, reply);
    },
  });
  // Node would answer 417 without a body; to pass over an expectation that means nothing to us is allowed (RFC 9110 10.1.1).
  server.server.on('checkExpectation', (request, response) => server.routing(request, response));
  server.removeContentTypeParser('text/plain');
  if (!rawBody) addJsonParser(server);
  else {
    server.removeAllContentTypeParsers();
    // The first by its exact name: of any other media type Fastify parses the header anew for every request.
    for (const type of ['application/json', '*']) {
      server.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    }
  }
  server.addHook('onRequest', (request, reply, done) => {
    setCommonHeaders(request, reply);
    // Before the body is read: nobody waits for the body of a request that leads nowhere.
    done(request.is404 ? toNotFound(server, request.raw, reply) : findFault(request));
  });
  server.setNotFoundHandler((request, reply) => {
    throw toNotFound(server, request.raw, reply);
  });
  server.setErrorHandler(answerError);
  server.addHook('preClose', (done) => {
    // A connection whose last request is still served when closing begins would otherwise idle for 72 s.
    server.server.keepAliveTimeout = 1;
    done();
  });
  return server;

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { problem, headers } = toProblem(error, request.id, listParameters(request));
    if (problem.status >= 500) {
      const line = {
        requestId: request.id,
        method: request.method,
        route: request.routeOptions.url,
        err: error,
      };
      if (problem.code === 'ERR_INTERNAL') logger.error(line, 'request.failed');
      else logger.warn(line, 'request.refused');
    }
    // Fastify closes connections after a body it did not take; Node discards the rest, so the sender need not
    // lose the answer to a connection reset.
    reply.removeHeader('connection');
    // As a Buffer, so that no response schema of the route and no charset is applied to it.
    reply
      .code(problem.status)
      .headers(headers)
      .type(PROBLEM_MEDIA_TYPE)
      .send(Buffer.from(JSON.stringify(problem)));
  }
}

/** Lists the parameters that the query of a request's route may have, where a zod object says so. */
function listParameters({ routeOptions }: FastifyRequest): string[] {
  const { querystring } = routeOptions.schema ?? {};
  const shape =
    typeof querystring === 'object' && querystring !== null && 'shape' in querystring
      ? querystring.shape
      : undefined;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}

function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id);
  reply.header('x-content-type-options', 'nosniff');
}

/**
 * Finds what Node lets pass, although it may not: a request without `Host`, and a body in a coding other than `chunked`,
 * which Node hands on as if it were plain.
 */
function findFault({ headers, raw }: FastifyRequest): ProblemException | undefined {
  if (headers.host === undefined && raw.httpVersion === '1.1') {
    return new ProblemException('ERR_REQUEST_MALFORMED', 'Host is missing.');
  }
  const coding = headers['transfer-encoding'];
  if (coding === undefined || coding.trim().toLowerCase() === 'chunked') return undefined;
  return new ProblemException('ERR_REQUEST_MALFORMED', 'Transfer-Encoding must be chunked or absent.');
}

/** Tells an unknown address from a known one that has another method, and names those in `Allow`. */
function toNotFound(server: HttpServer, request: IncomingMessage, reply: FastifyReply): ProblemException {
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const listMethods = (url: string) =>
    server.supportedMethods.filter((method) => {
      const route = server.findRoute({ method, url });
      // A route for everything below the root does not make every address exist.
      return (
        route !== null &&
        (route.params['*'] === undefined || `/${route.params['*']}` !== decodeURIComponent(url))
      );
    });
  const plain = path.replace(/(?<=.)\/$/, '');
  if (plain !== path && listMethods(plain).length > 0) {
    return new ProblemException('ERR_NOT_FOUND', 'Leave out the slash at the end of the address.');
  }
  const allowed = listMethods(path);
  // Where the method is among them its route found nothing: a file that there is not.
  if (allowed.length === 0 || allowed.includes(request.method ?? '')) {
    return new ProblemException('ERR_NOT_FOUND');
  }
  reply.header('allow', allowed.join(', '));
  return new ProblemException('ERR_METHOD_NOT_ALLOWED');
}
