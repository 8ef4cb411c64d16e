import { aggregatesQuerySchema, aggregatesSchema } from '@sluice/contracts/aggregates';
import type { AggregatesReader } from '@sluice/store/aggregates';
import { json, problems } from '../openapi/responses.ts';
import { withSource } from '../with-source.ts';
import type { ApiServer } from '../zod-server.ts';

export type AggregateRoutesOptions = { readonly readAggregates: AggregatesReader['read'] };

/** Adds the route that sums metrics up. */
export function addAggregateRoutes(server: ApiServer, { readAggregates }: AggregateRoutesOptions): void {
  server.get(
    '/api/aggregates',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Aggregates'],
        operationId: 'readAggregates',
        summary: 'Sum metrics up by time',
        description:
          'Count, sum, smallest, greatest and average of every metric, by the own time of the events (by their arrival, if they have none), in buckets of UTC. A metric is what a `metric` event names, and every numeric field of other events, vital signs among them. Fresh within two seconds of storing. Without dates all events are summed up.',
        querystring: aggregatesQuerySchema,
        response: {
          200: json('The metrics.', aggregatesSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) =>
      reply.send(await readAggregates(request.caller.tenant, withSource(request.query))),
  );
}
