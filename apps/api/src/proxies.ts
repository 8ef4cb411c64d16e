/*
 * One origin for a browser: what ingest and live serve is passed on to them.
 *
 * Bodies pass through as the bytes that arrive, because signatures cover them; so do answers, whatever they say. An
 * app that is away, or silent for too long, is answered by 503. A stream that is passed on ends with either side.
 */
import { PassThrough, type Readable } from 'node:stream';
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy';
import { ProblemException } from '@sluice/contracts/errors';
import { addRoutesFor } from '@sluice/runtime/access';
import { toUpstreamHeaders } from '@sluice/runtime/access-upstream';
import type { HttpServer } from '@sluice/runtime/http-server';
import type { FastifyPluginAsync, FastifyRequest, FastifySchema } from 'fastify';
import { withoutHopByHop } from './hop-by-hop.ts';

export type ProxyOptions = {
  readonly upstream: string;
  readonly method: 'GET' | 'POST';
  /** The addresses that are passed on, each with what the docs say of it; null = nothing. */
  readonly routes: Readonly<Record<string, FastifySchema | null>>;
  /** What the answer calls the app when it is away. */
  readonly name: string;
  /** How long the app may be silent before it answers, in ms; 2,400 by default. */
  readonly answerTimeoutMs?: number;
};

/** An answer comes within 3 s: undici looks at its timers every 0.5 s only, so this one ends after 2.5 s. */
const ANSWER_TIMEOUT_MS = 2400;
const CONNECT_TIMEOUT_MS = 1000;

/** Live sends something every 10 s. */
const SILENCE_MS = 30_000;

/** Passes some addresses of a server on to another app. */
export async function addProxy(server: HttpServer, options: ProxyOptions): Promise<void> {
  const { upstream, method, routes, name, answerTimeoutMs = ANSWER_TIMEOUT_MS } = options;
  const proxy: FastifyPluginAsync = async (scope) => {
    const streams = new Set<Readable>();
    // The other app asks for the key itself.
    addRoutesFor(scope, { role: 'anybody' });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, detach(payload)));
    // Bodies and queries are the other app's to check; the schemas only document them.
    scope.setValidatorCompiler(() => (value) => ({ value }));
    scope.addHook('onRoute', (route) => {
      const schema = routes[route.url];
      if (schema !== undefined && schema !== null && route.method !== 'HEAD') route.schema = schema;
    });
    scope.addHook('preClose', (done) => {
      for (const stream of streams) stream.destroy();
      done();
    });
    await scope.register(httpProxy, {
      upstream,
      httpMethods: [method],
      routes: Object.keys(routes),
      proxyPayloads: false,
      internalRewriteLocationHeader: false,
      disableRequestLogging: true,
      destroyAgent: true,
      preHandler: (request, _reply, done) => done(findFault(request)),
      // Not limited: a request that waited for a free connection would wait longer than it may.
      undici: {
        connections: null,
        headersTimeout: answerTimeoutMs,
        bodyTimeout: SILENCE_MS,
        connect: { timeout: CONNECT_TIMEOUT_MS, rejectUnauthorized: true },
      },
      replyOptions: {
        retryDelay: () => null,
        rewriteRequestHeaders: (request, headers) => ({
          ...withoutHopByHop(headers),
          ...toUpstreamHeaders(request as FastifyRequest),
        }),
        rewriteHeaders: (headers) => withoutHopByHop(headers),
        onResponse: (_request, reply, { stream }) => {
          streams.add(stream);
          stream.once('close', () => streams.delete(stream));
          // Set when the answer came before the body's end: the rest is read and dropped, so the connection is good.
          reply.removeHeader('connection');
          return reply.send(stream);
        },
        onError: (reply, { error }) => {
          reply.send(new ProblemException('ERR_UNAVAILABLE', `${name} does not answer.`, { cause: error }));
        },
      },
    } satisfies RoutedProxyOptions as FastifyHttpProxyOptions);
  };
  await server.register(proxy);
}

/** The option `routes` is documented, but missing in the types. */
type RoutedProxyOptions = FastifyHttpProxyOptions & { readonly routes: readonly string[] };

/**
 * Gives a body to the proxy through a stream of its own. The proxy destroys what it reads from when the other app
 * answers early or goes away, and that must not cut the sender off from the answer: the rest is read and dropped.
 */
function detach(body: Readable): PassThrough {
  const own = new PassThrough();
  body.on('error', (error) => own.destroy(error));
  body.on('close', () => {
    if (!body.readableEnded) own.destroy();
  });
  // Whoever reads from it is told too; without a listener here it would end the process.
  own.on('error', () => undefined);
  own.on('close', () => {
    body.unpipe(own);
    body.resume();
  });
  body.pipe(own);
  return own;
}

/** Finds what speaks against passing a request on; the proxy would say so too, but as if the fault were ours. */
function findFault(request: FastifyRequest): Error | undefined {
  const path = request.url.split('?', 1)[0] ?? '';
  const isPlain = path.startsWith('/') && !path.startsWith('//') && !path.includes('\\');
  if (!isPlain || decodeURIComponent(path).replaceAll('\\', '/').split('/').includes('..')) {
    return new ProblemException('ERR_REQUEST_MALFORMED', 'The address may not lead elsewhere.');
  }
  try {
    toUpstreamHeaders(request);
  } catch (error) {
    if (error instanceof ProblemException) return error;
    throw error;
  }
  return undefined;
}
