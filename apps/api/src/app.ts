import type { BullBoardOptions } from '@sluice/queue/bull-board';
import type { Health } from '@sluice/runtime/health';
import { createHttpServer, type HttpServer } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import { addDocs, registerOpenApi } from './openapi/openapi.ts';
import { addProxy } from './proxies.ts';
import { addBoard } from './routes/board.ts';
import { addEventRoutes, type EventRoutesOptions } from './routes/events.ts';
import { addMaintenanceRoutes, type MaintenanceRouteOptions } from './routes/maintenance.ts';
import { addMappingRoutes, type MappingRoutesOptions } from './routes/mappings.ts';
import { addPages } from './routes/pages.ts';
import { BATCH_ROUTES, INGEST_ROUTES, LIVE_ROUTES } from './routes/passed-on.ts';
import { addProbes } from './routes/probes.ts';
import { addRejectionRoutes, type RejectionRoutesOptions } from './routes/rejections.ts';
import { addSourceRoutes, type SourceRoutesOptions } from './routes/sources.ts';
import { addVitalDataRoute, type VitalDataRouteOptions } from './routes/vital-data.ts';
import { addSecurityHeaders } from './security-headers.ts';
import { withZod } from './zod-server.ts';

export type ApiAppOptions = {
  readonly logger: Logger;
  readonly health: Health;
  readonly events: EventRoutesOptions;
  readonly vitalData: VitalDataRouteOptions;
  readonly maintenance: MaintenanceRouteOptions;
  readonly rejections: RejectionRoutesOptions;
  readonly sources: SourceRoutesOptions & MappingRoutesOptions;
  readonly board: BullBoardOptions;
  /** Where it will listen, for the examples on its pages. */
  readonly port: number;
  readonly ingestUrl: string;
  readonly liveUrl: string;
};

/** Bodies that the api reads itself are small; those of events only pass through. */
const MAX_BODY_BYTES = 64 * 1024;

/** Ingest answers a batch within 9.5 s. */
const BATCH_TIMEOUT_MS = 10_000;

/** Creates the HTTP side of the api; it is not listening yet. */
export async function createApiApp(options: ApiAppOptions): Promise<HttpServer> {
  const { logger, health, events, vitalData, maintenance, board, port, ingestUrl, liveUrl } = options;
  const server = createHttpServer({ logger, maxBodyBytes: MAX_BODY_BYTES });
  const api = withZod(server);
  addSecurityHeaders(server);
  await registerOpenApi(server);
  await addProbes(server, health);
  addEventRoutes(api, events);
  addVitalDataRoute(api, vitalData);
  addMaintenanceRoutes(api, maintenance);
  addRejectionRoutes(api, options.rejections);
  addSourceRoutes(api, options.sources);
  addMappingRoutes(api, options.sources);
  addPages(server, port);
  await addDocs(server);
  await addBoard(server, board);
  const ingest = { upstream: ingestUrl, name: 'Ingest', method: 'POST' } as const;
  await addProxy(server, { ...ingest, routes: INGEST_ROUTES });
  await addProxy(server, { ...ingest, routes: BATCH_ROUTES, answerTimeoutMs: BATCH_TIMEOUT_MS });
  await addProxy(server, { upstream: liveUrl, name: 'Live', method: 'GET', routes: LIVE_ROUTES });
  return server;
}
