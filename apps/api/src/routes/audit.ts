import { auditListSchema, auditQuerySchema } from '@sluice/contracts/audit';
import type { AuditLog } from '@sluice/store/audit-log';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

export type AuditRouteOptions = { readonly auditLog: Pick<AuditLog, 'list'> };

/** Adds the route that tells who changed what. */
export function addAuditRoute(server: ApiServer, { auditLog }: AuditRouteOptions): void {
  server.get(
    '/api/audit',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Access'],
        operationId: 'listAudit',
        summary: 'Tell who changed what',
        description:
          'Every unsafe call of the own tenant, the newest first, Bull Board and sign-ins included: also those that failed, and those that were refused for the role.',
        querystring: auditQuerySchema,
        response: {
          200: json('A page of calls.', auditListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async ({ caller, query }, reply) => reply.send(await auditLog.list(caller.tenant, query)),
  );
}
