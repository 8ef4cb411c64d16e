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
          'Schedulers note that every 15 s; it is kept for 31 days. A bucket holds the most of what was noted in it. It is 15 s, 30 s, 1 min, 3 min, 15 min, 1 h, 2 h, 6 h or 12 h long and begins at a whole multiple of that (UTC): the shortest of which 120 at most touch the time, so 30 s for an hour that begins with a bucket, and 1 min for any other. Without `from` the hour before `to`. `/api/events/stats` and `/api/sync/health` tell how it is now.',
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
