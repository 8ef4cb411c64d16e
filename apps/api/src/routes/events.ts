import {
  type EventDetail,
  eventDetailSchema,
  eventParamsSchema,
  listOf,
  normalizedItemSchema,
  normalizedQuerySchema,
  type RawQuery,
  rawItemSchema,
  rawQuerySchema,
  type Stats,
  statsSchema,
  type TenantStats,
  tenantStatsSchema,
} from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import { DEFAULT_TENANT } from '@sluice/contracts/event';
import type { NormalizedEvents } from '@sluice/store/normalized-events';
import { z } from 'zod';
import { json, problems } from '../openapi/responses.ts';
import type { RawPage } from '../raw-list.ts';
import { withSource } from '../with-source.ts';
import type { ApiServer } from '../zod-server.ts';

export type EventRoutesOptions = {
  readonly readDetail: (tenant: string, id: string) => Promise<EventDetail | null>;
  readonly listRaw: (tenant: string, query: RawQuery) => Promise<RawPage>;
  readonly listNormalized: NormalizedEvents['list'];
  readonly readStats: () => Promise<Stats>;
  readonly readTenantStats: (tenant: string) => Promise<TenantStats>;
};

const tags = ['Events'];
const rawListSchema = listOf(rawItemSchema);
const normalizedListSchema = listOf(normalizedItemSchema);
const emptyQuerySchema = z.strictObject({});

/** Adds the routes that tell of events. */
export function addEventRoutes(server: ApiServer, options: EventRoutesOptions): void {
  const { readDetail, listRaw, listNormalized, readStats, readTenantStats } = options;

  server.get(
    '/api/events/:id',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'getEvent',
        summary: 'Tell everything about one event',
        description:
          'The raw event, the record that it became, its timeline, and for a duplicate of what and why. An event that is not stored yet is answered from the queue: after a 202 it is never unknown.',
        params: eventParamsSchema,
        querystring: emptyQuerySchema,
        response: {
          200: json('The event.', eventDetailSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const detail = await readDetail(request.caller.tenant, id);
      if (detail === null) throw new ProblemException('ERR_NOT_FOUND', `There is no event ${id}.`);
      return reply.send(detail);
    },
  );

  server.get(
    '/api/events/raw',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'listRawEvents',
        summary: 'List raw events',
        description:
          'What arrived, the newest first. `client_id` means the same as `source`. `pending` and `processing` events are read from the queue; a page of them can have fewer items than `limit` and still not be the last.',
        querystring: rawQuerySchema,
        response: {
          200: json('A page of raw events.', rawListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => reply.send(await listRaw(request.caller.tenant, withSource(request.query))),
  );

  server.get(
    '/api/events/normalized',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'listNormalizedEvents',
        summary: 'List normalized events',
        description:
          'The records, by their own time, the newest first; those without a time come last. `client_id` means the same as `source`; both may be given if they are equal.',
        querystring: normalizedQuerySchema,
        response: {
          200: json('A page of records.', normalizedListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      return reply.send(await listNormalized(request.caller.tenant, withSource(request.query)));
    },
  );

  server.get(
    '/api/events/stats',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'getStats',
        summary: 'Count everything, and check that nothing is lost',
        description:
          'The ledger is of one moment: accepted = normalized + duplicate + dead + in flight. A batch that is neither in the queue nor settled is `unaccounted`, by name. At most one second old. The queue and the ledger are of the whole system, so only keys of the tenant `default` see them; those of another tenant get `TenantStats`.',
        querystring: emptyQuerySchema,
        response: {
          200: json('The numbers.', z.union([statsSchema, tenantStatsSchema])),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async ({ caller: { tenant } }, reply) =>
      reply.send(tenant === DEFAULT_TENANT ? await readStats() : await readTenantStats(tenant)),
  );
}
