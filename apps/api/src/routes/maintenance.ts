import { type Maintenance, maintenanceSchema, setMaintenanceSchema } from '@sluice/contracts/api';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import type { MaintenanceSwitch } from '@sluice/queue/maintenance';
import { z } from 'zod';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

export type MaintenanceRouteOptions = {
  readonly inspector: Pick<EventsInspector, 'readMaintenance'>;
  readonly maintenance: MaintenanceSwitch;
};

const tags = ['Operations'];

/** Adds the routes that tell and change whether the workers hold for maintenance. */
export function addMaintenanceRoutes(server: ApiServer, options: MaintenanceRouteOptions): void {
  const { inspector, maintenance } = options;

  server.get(
    '/api/maintenance',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'getMaintenance',
        summary: 'Tell whether maintenance is on',
        description: 'And since when.',
        querystring: z.strictObject({}),
        response: {
          200: json('Whether it is on.', maintenanceSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (_request, reply) => reply.send(toAnswer(await inspector.readMaintenance())),
  );

  server.post(
    '/api/maintenance',
    {
      config: { role: 'admin', scope: 'system' },
      schema: {
        tags,
        operationId: 'setMaintenance',
        summary: 'Turn maintenance on or off',
        description:
          'While it is on, events are accepted as ever and wait in the queue: every worker finishes what it has in hand and, within a second, fetches nothing more. When it is turned off they go on within six seconds. No attempt is counted.',
        querystring: z.strictObject({}),
        body: setMaintenanceSchema,
        response: {
          200: json('Whether it is on now.', maintenanceSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => reply.send(toAnswer(await maintenance.set(request.body.on))),
  );
}

function toAnswer(since: Date | null): Maintenance {
  return { on: since !== null, since: since?.toISOString() ?? null };
}
