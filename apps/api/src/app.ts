import { addAccess } from '@sluice/runtime/access';
import type { Health } from '@sluice/runtime/health';
import { createHttpServer, type HttpServer, toTrustProxy } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import { refuseForeignHosts } from '@sluice/runtime/own-hosts';
import type { ApiKeys } from '@sluice/store/api-keys';
import type { AuditLog } from '@sluice/store/audit-log';
import { addAuditing } from './audit-hook.ts';
import { refuseForeignPages } from './foreign-pages.ts';
import { addDocs, registerOpenApi } from './openapi/openapi.ts';
import { addProxy } from './proxies.ts';
import { type AggregateRoutesOptions, addAggregateRoutes } from './routes/aggregates.ts';
import { type AlertRouteOptions, addAlertRoute } from './routes/alerts.ts';
import { addAuditRoute } from './routes/audit.ts';
import { addBoard, type BoardOptions } from './routes/board.ts';
import { addDashboard, isBuilt } from './routes/dashboard.ts';
import { addDeadLetterRoutes } from './routes/dead-letters.ts';
import { addDiscardRoutes } from './routes/discards.ts';
import { addEventBodyRoute, type EventBodyRouteOptions } from './routes/event-body.ts';
import { addEventRoutes, type EventRoutesOptions } from './routes/events.ts';
import { addFullSyncRoutes, type FullSyncRoutesOptions } from './routes/full-sync.ts';
import { addHourlyStatsRoute, type HourlyStatsRouteOptions } from './routes/hourly-stats.ts';
import { addKeyRoutes } from './routes/keys.ts';
import { addMaintenanceRoutes, type MaintenanceRouteOptions } from './routes/maintenance.ts';
import { addMappingRoutes, type MappingRoutesOptions } from './routes/mappings.ts';
import { addLandingPage, addPages } from './routes/pages.ts';
import { BATCH_ROUTES, INGEST_ROUTES, LIVE_ROUTES, LIVE_SOCKETS } from './routes/passed-on.ts';
import { addPollCursorRoutes, type PollCursorRoutesOptions } from './routes/poll-cursor.ts';
import { addProbes } from './routes/probes.ts';
import { addQueueRoutes, type QueueRoutesOptions } from './routes/queues.ts';
import { addRecentStatsRoute, type RecentStatsRouteOptions } from './routes/recent-stats.ts';
import { addRejectionRoutes, type RejectionRoutesOptions } from './routes/rejections.ts';
import { addReplayRoutes, type ReplayRoutesOptions } from './routes/replays.ts';
import { addScheduleRoute } from './routes/schedules.ts';
import { addSessionRoutes, type SessionRoutesOptions } from './routes/session.ts';
import { addSourceRoutes, type SourceRoutesOptions } from './routes/sources.ts';
import { addStatsHistoryRoute, type StatsHistoryRouteOptions } from './routes/stats-history.ts';
import { addSyncRoutes, type SyncRoutesOptions } from './routes/sync.ts';
import { addSyncDifferenceRoutes, type SyncDifferenceRoutesOptions } from './routes/sync-differences.ts';
import { addVitalDataRoute, type VitalDataRouteOptions } from './routes/vital-data.ts';
import { addSecurityHeaders } from './security-headers.ts';
import { addSocketProxy } from './socket-proxy.ts';
import { withZod } from './zod-server.ts';

/** What is needed to know who may do what, and to note who did. */
export type AccessOptions = Omit<SessionRoutesOptions, 'auditor' | 'keys'> & {
  readonly keys: ApiKeys;
  readonly auditLog: AuditLog;
};

export type ApiAppOptions = {
  readonly logger: Logger;
  readonly health: Health;
  readonly events: EventRoutesOptions &
    EventBodyRouteOptions &
    HourlyStatsRouteOptions &
    RecentStatsRouteOptions &
    StatsHistoryRouteOptions;
  readonly vitalData: VitalDataRouteOptions;
  readonly aggregates: AggregateRoutesOptions;
  readonly alerts: AlertRouteOptions;
  readonly maintenance: MaintenanceRouteOptions;
  readonly queues: QueueRoutesOptions;
  readonly rejections: RejectionRoutesOptions;
  readonly sources: SourceRoutesOptions & MappingRoutesOptions & PollCursorRoutesOptions;
  readonly operations: ReplayRoutesOptions;
  readonly fullSyncs: FullSyncRoutesOptions & SyncDifferenceRoutesOptions;
  readonly sync: SyncRoutesOptions;
  readonly access: AccessOptions;
  /** Proxies that are believed; nobody by default. */
  readonly trustedProxies?: readonly string[];
  readonly board: BoardOptions;
  /** Where it will listen, for the examples on its pages. */
  readonly port: number;
  readonly ingestUrl: string;
  readonly liveUrl: string;
  /** Where the dashboard was built to; without a build `/` says what this is. */
  readonly dashboardDir: string;
};

/** Bodies that the api reads itself are small; those of events only pass through. */
const MAX_BODY_BYTES = 64 * 1024;

/** Ingest answers a batch within 9.5 s. */
const BATCH_TIMEOUT_MS = 10_000;

/** Creates the HTTP side of the api; it is not listening yet. */
export async function createApiApp(options: ApiAppOptions): Promise<HttpServer> {
  const { logger, health, events, vitalData, maintenance, board, port, ingestUrl, liveUrl } = options;
  const server = createHttpServer({
    logger,
    maxBodyBytes: MAX_BODY_BYTES,
    trustProxy: toTrustProxy(options.trustedProxies),
    webSocketPaths: Object.keys(LIVE_SOCKETS),
  });
  const api = withZod(server);
  addSecurityHeaders(server);
  const { access } = options;
  addAccess(server, access.checkKey);
  if (access.checkKey === null) {
    refuseForeignHosts(server);
    refuseForeignPages(server);
  }
  const auditor = addAuditing(server, { ...access, logger });
  await registerOpenApi(server);
  await addProbes(server, health);
  addEventRoutes(api, events);
  addEventBodyRoute(api, events);
  addHourlyStatsRoute(api, events);
  addRecentStatsRoute(api, events);
  addStatsHistoryRoute(api, events);
  addVitalDataRoute(api, vitalData);
  addAggregateRoutes(api, options.aggregates);
  addAlertRoute(api, options.alerts);
  addMaintenanceRoutes(api, maintenance);
  addQueueRoutes(api, options.queues);
  addScheduleRoute(api, options.sources);
  addRejectionRoutes(api, options.rejections);
  addSourceRoutes(api, options.sources);
  addPollCursorRoutes(api, options.sources);
  addMappingRoutes(api, options.sources);
  addReplayRoutes(api, options.operations);
  addDiscardRoutes(api, options.operations);
  addFullSyncRoutes(api, options.fullSyncs);
  addSyncDifferenceRoutes(api, options.fullSyncs);
  addSyncRoutes(api, options.sync);
  addDeadLetterRoutes(api, options.operations);
  addKeyRoutes(api, access);
  addSessionRoutes(api, { ...access, auditor });
  addAuditRoute(api, access);
  addPages(server);
  if (isBuilt(options.dashboardDir)) await addDashboard(server, options.dashboardDir);
  else addLandingPage(server, port);
  await addDocs(server);
  await addBoard(server, board);
  const ingest = { upstream: ingestUrl, name: 'Ingest', method: 'POST' } as const;
  await addProxy(server, { ...ingest, routes: INGEST_ROUTES });
  await addProxy(server, { ...ingest, routes: BATCH_ROUTES, answerTimeoutMs: BATCH_TIMEOUT_MS });
  const live = { upstream: liveUrl, name: 'Live' } as const;
  await addProxy(server, { ...live, method: 'GET', routes: LIVE_ROUTES });
  await addSocketProxy(server, { ...live, routes: LIVE_SOCKETS });
  return server;
}
