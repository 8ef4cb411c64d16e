import {
  type HourlyStats,
  type HourlyStatsQuery,
  hourlyStatsQuerySchema,
  hourlyStatsSchema,
} from '@sluice/contracts/hourly-stats';
import { json, problems } from '../openapi/responses.ts';
import { withSource } from '../with-source.ts';
import type { ApiServer } from '../zod-server.ts';

export type HourlyStatsRouteOptions = {
  readonly readHourlyStats: (tenant: string, query: HourlyStatsQuery) => Promise<HourlyStats>;
};

/** Adds the route that tells what became of the events of each hour. */
export function addHourlyStatsRoute(server: ApiServer, { readHourlyStats }: HourlyStatsRouteOptions): void {
  server.get(
    '/api/events/stats/hourly',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Events'],
        operationId: 'getHourlyStats',
        summary: 'Tell what became of the events of each hour',
        description:
          'By the hour in which they were received and by source: accepted = normalized + duplicate + dead + failed + pending. Whole hours count; without `from` the last 24 up to `to`. What still waits in the queue is in `/api/events/stats`, and so is what is unaccounted.',
        querystring: hourlyStatsQuerySchema,
        response: {
          200: json('The hours.', hourlyStatsSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) =>
      reply.send(await readHourlyStats(request.caller.tenant, withSource(request.query))),
  );
}
