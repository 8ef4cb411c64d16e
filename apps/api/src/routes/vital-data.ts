import { type VitalQuery, type Vitals, vitalQuerySchema, vitalsSchema } from '@sluice/contracts/api';
import { DEFAULT_TENANT } from '@sluice/contracts/event';
import type { JsonCache } from '@sluice/queue/json-cache';
import type { VitalsReader } from '@sluice/store/vitals';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

/** How long an answer may be reused, in milliseconds. */
const MAX_AGE_MS = 1000;

export type VitalDataRouteOptions = {
  readonly vitals: VitalsReader;
  readonly cache: JsonCache;
};

/** Adds `GET /vital-data`, whose answers all replicas share for at most a second. */
export function addVitalDataRoute(server: ApiServer, { vitals, cache }: VitalDataRouteOptions): void {
  server.get(
    '/vital-data',
    {
      schema: {
        tags: ['Vital data'],
        operationId: 'listVitalData',
        summary: 'List the newest vital signs of each device',
        description:
          'Of each vital sign the newest value that is known; `timestamp` is in unix seconds. At most one second old.',
        querystring: vitalQuerySchema,
        response: {
          200: json('A page of devices.', vitalsSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => reply.send(await list(request.query)),
  );

  async function list(query: VitalQuery): Promise<Vitals> {
    const { count, offset, sortBy, orderBy } = query;
    const key = `vital-data:${DEFAULT_TENANT}:${count}:${offset}:${sortBy}:${orderBy}`;
    const known = vitalsSchema.safeParse(await cache.get(key));
    if (known.success) return known.data;
    const answer = await vitals.list(DEFAULT_TENANT, query);
    // Not awaited: a cache that is slow must not slow the answer down. It never rejects.
    void cache.set(key, answer as Parameters<JsonCache['set']>[1], MAX_AGE_MS);
    return answer;
  }
}
