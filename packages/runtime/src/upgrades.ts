/*
 * Requests that take over their connection (RFC 9110 7.8): WebSockets.
 *
 *  1. Only a GET that asks for `websocket`, on an address that `webSocketPaths` of the server names, leaves HTTP. Any other
 *     `Upgrade` is served as if it asked for nothing: Java's client offers `h2c` with every first request.
 *  2. It goes through the routes and hooks of the server like any request. When it is refused, it is answered like one,
 *     and then its connection is closed.
 *  3. Else its route takes the connection and answers on it; the reply must be hijacked.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { ProblemException } from '@sluice/contracts/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFromOwnPage } from './access-origin.ts';

/** A connection that has left HTTP, and what arrived on it since. */
export type Connection = { readonly socket: Socket; readonly head: Buffer };

/** The connections that may be taken over. */
export type Upgrades = {
  /** Tells whether a request asks for its connection. */
  has(request: FastifyRequest): boolean;
  /** Takes the connection of a request, once; undefined when it did not ask for it, or is gone. */
  take(request: FastifyRequest): Connection | undefined;
};

/** Lets the routes of a server take connections over; see `webSocketPaths` of its options. */
export function acceptUpgrades(server: FastifyInstance): Upgrades {
  const waiting = new WeakMap<IncomingMessage, Connection & { readonly response: ServerResponse }>();
  server.server.on('upgrade', (request, socket, head) => {
    // Always so for a server that listens on a port.
    if (!(socket instanceof Socket)) {
      socket.destroy();
      return;
    }
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    waiting.set(request, { socket, head, response });
    server.routing(request, response);
  });
  // Node no longer reads requests there, so that nobody may send another one.
  server.addHook('onSend', (request, reply, _payload, done) => {
    if (waiting.has(request.raw)) reply.header('connection', 'close');
    done();
  });
  return {
    has: ({ raw }) => waiting.has(raw),
    take({ raw }) {
      const found = waiting.get(raw);
      waiting.delete(raw);
      if (found === undefined || found.socket.destroyed) return undefined;
      const { socket, head, response } = found;
      response.detachSocket(socket);
      socket.setTimeout(0);
      return { socket, head };
    },
  };
}

/**
 * Refuses a WebSocket that a page of another origin opens: no browser asks us before it lets a page do that, and with
 * `AUTH=off` no key would be missing. A request that brings a key itself is no page's.
 *
 * @throws ProblemException ERR_ORIGIN_FOREIGN
 */
export function refuseForeignPage(request: Pick<FastifyRequest, 'headers' | 'host'>): void {
  const { origin, authorization } = request.headers;
  if (origin === undefined || authorization !== undefined || isFromOwnPage(request)) return;
  throw new ProblemException('ERR_ORIGIN_FOREIGN');
}

/** Tells whether a request asks for a WebSocket on one of some addresses. */
export function isWebSocketRequest(
  { method, url = '', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  paths: readonly string[],
): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    paths.includes(url.split('?', 1)[0] ?? '')
  );
}
