import { vitalQuerySchema, vitalsSchema } from '@sluice/contracts/api';
import type { VitalsReader } from '@sluice/store/vitals';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

export type VitalDataRouteOptions = { readonly listVitals: VitalsReader['list'] };

/** Adds `GET /vital-data`, whose answers all replicas share for at most a second. */
export function addVitalDataRoute(server: ApiServer, { listVitals }: VitalDataRouteOptions): void {
  server.get(
    '/vital-data',
    {
      config: { role: 'viewer' },
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
    async (request, reply) => reply.send(await listVitals(request.caller.tenant, request.query)),
  );
}
