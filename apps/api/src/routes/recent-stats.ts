import {
  MAX_RECENT_BUCKETS,
  type RecentStats,
  type RecentStatsQuery,
  recentStatsQuerySchema,
  recentStatsSchema,
} from '@sluice/contracts/recent-stats';
import { json, problems } from '../openapi/responses.ts';
import { withSource } from '../with-source.ts';
import type { ApiServer } from '../zod-server.ts';

export type RecentStatsRouteOptions = {
  readonly readRecentStats: (tenant: string, query: RecentStatsQuery) => Promise<RecentStats>;
};

/** Adds the route that tells how the last hour went, or the last two days. */
export function addRecentStatsRoute(server: ApiServer, { readRecentStats }: RecentStatsRouteOptions): void {
  server.get(
    '/api/events/stats/recent',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Events'],
        operationId: 'getRecentStats',
        summary: 'Tell how the last hour went, or the last two days',
        description: `What was settled in each part of the time, by outcome: an event counts when its status changed, not when it arrived, a refused request when it came. Steps of up to 60 s tell of the last 60 minutes, those of 180 and 900 s of the last 48 hours, and of the last 24 without \`from\`; ${MAX_RECENT_BUCKETS} buckets at most. For longer times see \`/api/events/stats/hourly\`.`,
        querystring: recentStatsQuerySchema,
        response: {
          200: json('The time in buckets.', recentStatsSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const { step, source, from, to } = withSource(request.query);
      const query = { stepSeconds: Number(step), source, from, to };
      return reply.send(await readRecentStats(request.caller.tenant, query));
    },
  );
}
