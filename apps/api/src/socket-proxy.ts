/*
 * WebSockets that are passed on.
 *
 *  1. The other app is asked with the same address and headers, over a connection of its own.
 *  2. When it refuses, its answer is passed back; when it does not answer, that is 503.
 *  3. When it agrees, the two connections are joined byte by byte. Neither side's frames are read, so that a slow reader
 *     slows down the writer instead of filling our memory.
 *  4. Either side's end is the other's; when we end, both are cut off, and the client connects again.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Duplex, pipeline } from 'node:stream';
import { ProblemException } from '@sluice/contracts/errors';
import { toUpstreamHeaders } from '@sluice/runtime/access-upstream';
import type { HttpServer } from '@sluice/runtime/http-server';
import { acceptUpgrades, type Connection, refuseForeignPage, type Upgrades } from '@sluice/runtime/upgrades';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { withoutHopByHop } from './hop-by-hop.ts';

export type SocketProxyOptions = {
  readonly upstream: string;
  /** The addresses that are passed on, each with what the docs say of it. */
  readonly routes: Readonly<Record<string, FastifySchema>>;
  /** What the answer calls the app when it is away. */
  readonly name: string;
};

type Answer =
  | { readonly agreed: true; readonly response: IncomingMessage; readonly far: Duplex; readonly head: Buffer }
  | { readonly agreed: false; readonly response: IncomingMessage };

/** An answer comes within 3 s. */
const ANSWER_TIMEOUT_MS = 2400;

const SILENCE_MS = 30_000;

/** Passes the WebSockets of some addresses on; the server must name them as its `webSocketPaths`. */
export async function addSocketProxy(server: HttpServer, options: SocketProxyOptions): Promise<void> {
  const { upstream, routes, name } = options;
  const upgrades = acceptUpgrades(server);
  const open = new Set<Duplex>();
  const proxy: FastifyPluginAsync = async (scope) => {
    // Queries and headers are the other app's to check; the schemas only document them.
    scope.setValidatorCompiler(() => (value) => ({ value }));
    scope.addHook('preClose', (done) => {
      for (const socket of open) socket.destroy();
      done();
    });
    for (const [url, schema] of Object.entries(routes)) {
      scope.route({
        method: 'GET',
        url,
        schema,
        // The other app asks for the key itself.
        config: { role: 'anybody' },
        exposeHeadRoute: false,
        handler: (request, reply) => passOn(request, reply),
      });
    }
  };
  await server.register(proxy);

  async function passOn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    refuse(request, reply, upgrades);
    const answer = await ask(new URL(request.url, upstream), request).catch((cause: unknown) => {
      throw new ProblemException('ERR_UNAVAILABLE', `${name} does not answer.`, { cause });
    });
    const { response } = answer;
    if (!answer.agreed) {
      return reply
        .code(response.statusCode ?? 502)
        .headers(withoutHopByHop(response.headers))
        .send(response);
    }
    const connection = upgrades.take(request);
    reply.hijack();
    if (connection === undefined) answer.far.destroy();
    else join(connection, answer, open);
    return reply;
  }
}

/**
 * @throws ProblemException ERR_UPGRADE_REQUIRED for what asks for no WebSocket
 * @throws ProblemException ERR_ORIGIN_FOREIGN for a page of another origin
 */
function refuse(request: FastifyRequest, reply: FastifyReply, upgrades: Upgrades): void {
  if (!upgrades.has(request)) {
    reply.header('upgrade', 'websocket');
    throw new ProblemException('ERR_UPGRADE_REQUIRED');
  }
  refuseForeignPage(request);
}

function ask(url: URL, request: FastifyRequest): Promise<Answer> {
  const { origin: _origin, host: _host, ...headers } = withoutHopByHop(request.headers);
  const answered = Promise.withResolvers<Answer>();
  const outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
    headers: { ...headers, ...toUpstreamHeaders(request), connection: 'Upgrade', upgrade: 'websocket' },
    agent: false,
  });
  const giveUp = setTimeout(() => outgoing.destroy(new Error('No answer in time.')), ANSWER_TIMEOUT_MS);
  outgoing.on('upgrade', (response, far, head) => answered.resolve({ agreed: true, response, far, head }));
  outgoing.on('response', (response) => answered.resolve({ agreed: false, response }));
  outgoing.on('error', answered.reject);
  request.raw.socket.once('close', () => outgoing.destroy());
  outgoing.end();
  return answered.promise.finally(() => clearTimeout(giveUp));
}

function join(
  { socket, head }: Connection,
  { response, far, head: farHead }: Extract<Answer, { agreed: true }>,
  open: Set<Duplex>,
): void {
  const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}`);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
  if (farHead.length > 0) socket.write(farHead);
  if (head.length > 0) far.write(head);
  socket.setNoDelay(true);
  // What goes wrong after both pipelines are done concerns nobody.
  far.on('error', () => far.destroy());
  open.add(socket);
  // Live sends something every 10 s, unless the client takes nothing.
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  // Whichever ends first ends the other, once what it has sent has been passed on.
  const end = () => {
    open.delete(socket);
    far.destroy();
    socket.destroySoon();
  };
  pipeline(far, socket, end);
  pipeline(socket, far, end);
}
