import {
  type EventDetail,
  eventDetailSchema,
  listOf,
  normalizedItemSchema,
  normalizedQuerySchema,
  type RawQuery,
  rawItemSchema,
  rawQuerySchema,
  type Stats,
  statsSchema,
} from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import { DEFAULT_TENANT, EVENT_ID_PATTERN } from '@sluice/contracts/event';
import type { NormalizedEvents } from '@sluice/store/normalized-events';
import { z } from 'zod';
import { json, problems } from '../openapi/responses.ts';
import type { RawPage } from '../raw-list.ts';
import type { ApiServer } from '../zod-server.ts';

export type EventRoutesOptions = {
  readonly readDetail: (tenant: string, id: string) => Promise<EventDetail | null>;
  readonly listRaw: (tenant: string, query: RawQuery) => Promise<RawPage>;
  readonly listNormalized: NormalizedEvents['list'];
  readonly readStats: () => Promise<Stats>;
};

const tags = ['Events'];
const rawListSchema = listOf(rawItemSchema);
const normalizedListSchema = listOf(normalizedItemSchema);
const emptyQuerySchema = z.strictObject({});

/** Adds the routes that tell of events. */
export function addEventRoutes(server: ApiServer, options: EventRoutesOptions): void {
  const { readDetail, listRaw, listNormalized, readStats } = options;

  server.get(
    '/api/events/:id',
    {
      schema: {
        tags,
        operationId: 'getEvent',
        summary: 'Tell everything about one event',
        description:
          'The raw event, the record that it became, its timeline, and for a duplicate of what and why. An event that is not stored yet is answered from the queue: after a 202 it is never unknown.',
        params: z.object({ id: z.string().regex(EVENT_ID_PATTERN).describe('`evt_` and 32 hex digits.') }),
        querystring: emptyQuerySchema,
        response: {
          200: json('The event.', eventDetailSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const detail = await readDetail(DEFAULT_TENANT, id);
      if (detail === null) throw new ProblemException('ERR_NOT_FOUND', `There is no event ${id}.`);
      return reply.send(detail);
    },
  );

  server.get(
    '/api/events/raw',
    {
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
    async (request, reply) => reply.send(await listRaw(DEFAULT_TENANT, withSource(request.query))),
  );

  server.get(
    '/api/events/normalized',
    {
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
      return reply.send(await listNormalized(DEFAULT_TENANT, withSource(request.query)));
    },
  );

  server.get(
    '/api/events/stats',
    {
      schema: {
        tags,
        operationId: 'getStats',
        summary: 'Count everything, and check that nothing is lost',
        description:
          'The ledger is of one moment: accepted = normalized + duplicate + dead + in flight. A batch that is neither in the queue nor settled is `unaccounted`, by name. At most one second old.',
        querystring: emptyQuerySchema,
        response: {
          200: json('The numbers.', statsSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (_request, reply) => reply.send(await readStats()),
  );
}

/**
 * Names the source by its alias too.
 *
 * @throws ProblemException ERR_QUERY_INVALID when the two differ
 */
function withSource<Query extends Pick<RawQuery, 'source' | 'client_id'>>(query: Query): Query {
  const { source, client_id } = query;
  if (source !== undefined && client_id !== undefined && source !== client_id) {
    const detail = 'names another source than source does';
    const errors = [{ pointer: '/client_id', detail }];
    throw new ProblemException('ERR_QUERY_INVALID', `client_id: ${detail}.`, { errors });
  }
  return source === undefined && client_id !== undefined ? { ...query, source: client_id } : query;
}
