import type { IncomingHttpHeaders } from 'node:http';
import type { Caller, CheckKey } from '@sluice/contracts/access';
import { ProblemException } from '@sluice/contracts/errors';
import { addAccess } from '@sluice/runtime/access';
import { addErrorsRoute } from '@sluice/runtime/errors-route';
import { addHealthRoutes, type Health } from '@sluice/runtime/health';
import { createHttpServer, type HttpServer } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import { refuseForeignHosts } from '@sluice/runtime/own-hosts';
import { acceptUpgrades, refuseForeignPage, type Upgrades } from '@sluice/runtime/upgrades';
import { acceptsEvents } from './acceptable.ts';
import { createOpening } from './opening.ts';
import { createSseTransport } from './sse-transport.ts';
import type { Opening, StreamHub } from './stream-hub.ts';
import { readRecordQuery, readStatusQuery } from './stream-query.ts';
import { createWebSockets, type WebSockets } from './ws-transport.ts';

type Hub = Pick<StreamHub, 'prepare' | 'open' | 'endStreams'>;

export type LiveAppOptions = {
  readonly logger: Logger;
  readonly health: Health;
  /** What `/stream` serves. */
  readonly records: Hub;
  /** What `/stream/statuses` serves. */
  readonly statuses: Hub;
  /** Checks who calls; null = nobody is asked. */
  readonly checkKey: CheckKey | null;
};

/** What is looked at of a request for a stream. */
type Asked = { readonly query: unknown; readonly headers: IncomingHttpHeaders; readonly caller: Caller };

const VIEWER = { role: 'viewer' } as const;

/** Who was turned away because too many are here comes back after so many seconds. */
const FULL_RETRY_SECONDS = 10;

/** Creates the HTTP side of live; it is not listening yet. Closing it ends every stream. */
export function createLiveApp(options: LiveAppOptions): HttpServer {
  const { logger, health, records, statuses, checkKey } = options;
  const streams = [
    { path: '/stream', hub: records, readQuery: readRecordQuery },
    { path: '/stream/statuses', hub: statuses, readQuery: readStatusQuery },
  ] as const;
  const server = createHttpServer({
    logger,
    maxBodyBytes: 1024,
    webSocketPaths: streams.map(({ path }) => toSocketPath(path)),
  });
  addAccess(server, checkKey);
  if (checkKey === null) refuseForeignHosts(server);
  addHealthRoutes(server, health);
  addErrorsRoute(server);
  server.addHook('preClose', (done) => {
    for (const { hub } of streams) hub.endStreams();
    done();
  });
  const upgrades = acceptUpgrades(server);
  const sockets = createWebSockets();
  for (const { path, hub, readQuery } of streams) {
    const toOpening = (request: Asked) => createOpening(request, readQuery(request), checkKey);
    addEventStream(server, path, { hub, toOpening });
    addSocketStream(server, toSocketPath(path), { hub, toOpening, upgrades, sockets });
  }
  return server;
}

/** How a route serves a stream; `toOpening` throws ERR_QUERY_INVALID. */
type Serving = { readonly hub: Hub; readonly toOpening: (request: Asked) => Opening };

function addEventStream(server: HttpServer, url: string, { hub, toOpening }: Serving): void {
  server.route({
    method: 'GET',
    url,
    config: VIEWER,
    // A HEAD request would be answered by a stream without end.
    exposeHeadRoute: false,
    async handler(request, reply) {
      const opening = toOpening(request);
      if (!acceptsEvents(request.headers.accept)) throw new ProblemException('ERR_NOT_ACCEPTABLE');
      await prepare(hub);
      reply.hijack();
      if (reply.raw.destroyed) return;
      const headers = { 'x-request-id': request.id, 'x-content-type-options': 'nosniff' };
      hub.open(createSseTransport(reply.raw, headers), opening);
    },
  });
}

function addSocketStream(
  server: HttpServer,
  url: string,
  {
    hub,
    toOpening,
    upgrades,
    sockets,
  }: Serving & { readonly upgrades: Upgrades; readonly sockets: WebSockets },
): void {
  server.route({
    method: 'GET',
    url,
    config: VIEWER,
    exposeHeadRoute: false,
    async handler(request, reply) {
      if (!upgrades.has(request)) {
        reply.header('upgrade', 'websocket');
        throw new ProblemException('ERR_UPGRADE_REQUIRED');
      }
      refuseForeignPage(request);
      const opening = toOpening(request);
      await prepare(hub);
      reply.hijack();
      const connection = upgrades.take(request);
      if (connection === undefined) return;
      sockets.accept(request.raw, connection, (transport) => hub.open(transport, opening));
    },
  });
}

function toSocketPath(path: string): string {
  return `${path}/ws`;
}

async function prepare(hub: Hub): Promise<void> {
  if (await hub.prepare()) return;
  throw new ProblemException('ERR_UNAVAILABLE', 'Too many watch here already.', {
    retryAfterSeconds: FULL_RETRY_SECONDS,
  });
}
