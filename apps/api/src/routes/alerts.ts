import { alertListSchema } from '@sluice/contracts/alerts';
import type { AlertStore } from '@sluice/store/alerts';
import { z } from 'zod';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

export type AlertRouteOptions = { readonly alerts: Pick<AlertStore, 'list'> };

/** Adds the route that tells what needs a person. */
export function addAlertRoute(server: ApiServer, { alerts }: AlertRouteOptions): void {
  server.get(
    '/api/alerts',
    {
      config: { role: 'viewer', scope: 'system' },
      schema: {
        tags: ['Operations'],
        operationId: 'listAlerts',
        summary: 'Tell what needs a person',
        description:
          'What is firing, and what was lately and is over. Schedulers look every few seconds and send the same by webhook (`ALERT_WEBHOOK_URL`). Alerts are about the whole system, so only keys of the tenant `default` see them.',
        querystring: z.strictObject({}),
        response: {
          200: json('The alerts.', alertListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (_request, reply) => reply.send(await alerts.list()),
  );
}
