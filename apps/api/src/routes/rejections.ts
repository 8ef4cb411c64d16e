import { listOf, rejectionItemSchema, rejectionQuerySchema } from '@sluice/contracts/api';
import type { Rejections } from '@sluice/store/rejections';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

export type RejectionRoutesOptions = { readonly listRejections: Rejections['list'] };

/** Adds the route that tells what was refused, and why. */
export function addRejectionRoutes(server: ApiServer, { listRejections }: RejectionRoutesOptions): void {
  server.get(
    '/api/rejections',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Operations'],
        operationId: 'listRejections',
        summary: 'List what was refused',
        description:
          'Requests, items of batches, and records of polled sources, that were not accepted, the newest first: with the true cause, which the sender may not have been told, headers without credentials, and the first 4 KiB of the body. The newest 32 MiB are kept; of one batch the first 20 items that were refused.',
        querystring: rejectionQuerySchema,
        response: {
          200: json('A page of refusals.', listOf(rejectionItemSchema)),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => reply.send(await listRejections(request.caller.tenant, request.query)),
  );
}
