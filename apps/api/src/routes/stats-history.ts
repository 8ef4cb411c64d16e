import {
  type StatsHistory,
  type StatsHistoryQuery,
  statsHistoryQuerySchema,
  statsHistorySchema,
} from '@sluice/contracts/stats-history';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

export type StatsHistoryRouteOptions = {
  readonly readStatsHistory: (tenant: string, query: StatsHistoryQuery) => Promise<StatsHistory>;
};

/** Adds the route that tells how much waited, and how far the backup was behind, over a time. */
export function addStatsHistoryRoute(
  server: ApiServer,
  { readStatsHistory }: StatsHistoryRouteOptions,
): void {
  server.get(
    '/api/events/stats/history',
    {
      config: { role: 'viewer', scope: 'system' },
      schema: {
        tags: ['Events'],
        operationId: 'getStatsHistory',
        summary: 'Tell how much waited, and how far the backup was behind',
        description:
          'Schedulers note that every 15 s; it is kept for 31 days. A bucket holds the most of what was noted in it: 15 s long for 30 minutes, 30 s for an hour, and so on up to 6 h. Without `from` the hour before `to`. `/api/events/stats` and `/api/sync/health` tell how it is now.',
        querystring: statsHistoryQuerySchema,
        response: {
          200: json('The time in buckets.', statsHistorySchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => reply.send(await readStatsHistory(request.caller.tenant, request.query)),
  );
}
