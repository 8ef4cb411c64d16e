import { eventParamsSchema } from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import {
  discardOneSchema,
  discardRequestSchema,
  discardSchema,
  operationParamsSchema,
  operationPlanSchema,
} from '@sluice/contracts/operations';
import type { Operations } from '@sluice/store/operations';
import { noQuery } from '../no-query.ts';
import { json, problems } from '../openapi/responses.ts';
import { toDiscard } from '../operations/operation-view.ts';
import { DEFAULT_PACE, type OperationStarter } from '../operations/start-operation.ts';
import type { ApiServer } from '../zod-server.ts';

export type DiscardRoutesOptions = {
  readonly operations: Pick<Operations, 'get'>;
  readonly starter: OperationStarter;
};

const tags = ['Operations'];

/** Adds the routes by which a person says that dead letters need nobody any more. */
export function addDiscardRoutes(server: ApiServer, { operations, starter }: DiscardRoutesOptions): void {
  server.post(
    '/api/discards',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        operationId: 'createDiscard',
        summary: 'Discard dead letters, or tell the plan',
        description:
          'With `dryRun` the plan. Else an operation that a scheduler runs within moments. Discarded events stay dead in the ledger and are kept; lists and groups of dead letters no longer show them unless asked (`discarded=true`). A replay brings them back.',
        querystring: noQuery,
        body: discardRequestSchema,
        response: {
          200: json('The plan of a dry run.', operationPlanSchema),
          202: json('The discard is kept; a scheduler runs it.', discardSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const { dryRun, watermark, reason } = request.body;
      const filter = { ...request.body.filter, discarded: false };
      const { tenant, name: actor } = request.caller;
      if (dryRun) return reply.code(200).send(await starter.plan(tenant, filter, watermark));
      const pace = { ...DEFAULT_PACE, watermark };
      const operation = await starter.startMany('discard', filter, { tenant, actor, reason }, pace);
      reply.code(202).header('location', `/api/discards/${operation._id}`);
      return reply.send(toDiscard(operation));
    },
  );

  server.post(
    '/api/events/:id/discard',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        operationId: 'discardEvent',
        summary: 'Discard one dead letter',
        description: 'It stays dead and is kept, but is no longer listed among those that need a person.',
        params: eventParamsSchema,
        querystring: noQuery,
        body: discardOneSchema,
        response: {
          202: json('The discard is kept; a scheduler runs it.', discardSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'] as const),
            ...(['ERR_EVENT_NOT_DEAD', 'ERR_REPLAY_RUNNING'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const { tenant, name: actor } = request.caller;
      const { reason } = request.body;
      const operation = await starter.startOne('discard', request.params.id, { tenant, actor, reason });
      reply.code(202).header('location', `/api/discards/${operation._id}`);
      return reply.send(toDiscard(operation));
    },
  );

  server.get(
    '/api/discards/:id',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'getDiscard',
        summary: 'Tell how far a discard has come',
        description: 'And who started it, when and why.',
        params: operationParamsSchema,
        querystring: noQuery,
        response: {
          200: json('The discard.', discardSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const operation = await operations.get(request.caller.tenant, 'discard', id);
      if (operation === null) throw new ProblemException('ERR_NOT_FOUND', `There is no discard ${id}.`);
      return reply.send(toDiscard(operation));
    },
  );
}
