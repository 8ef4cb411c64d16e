import { eventParamsSchema, pageSchema } from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import {
  type OperationDocument,
  operationParamsSchema,
  operationPlanSchema,
  type Replay,
  type ReplayDetail,
  replayDetailSchema,
  replayListQuerySchema,
  replayListSchema,
  replayOneSchema,
  replayRequestSchema,
  replaySchema,
} from '@sluice/contracts/operations';
import type { DeadLettersStore } from '@sluice/store/dead-letters';
import { parseCursor, toCursor } from '@sluice/store/keyset';
import { type OperationChange, type Operations, toFailedScope } from '@sluice/store/operations';
import type { z } from 'zod';
import { noQuery } from '../no-query.ts';
import { json, problems } from '../openapi/responses.ts';
import { NO_PROGRESS, toReplay } from '../operations/operation-view.ts';
import type { OperationStarter } from '../operations/start-operation.ts';
import type { ApiServer } from '../zod-server.ts';

export type ReplayRoutesOptions = {
  readonly operations: Operations;
  readonly deadLetters: Pick<DeadLettersStore, 'group'>;
  readonly starter: OperationStarter;
  /** The highest rate that a replay may ask for. */
  readonly maxPerSecond: number;
  readonly now: () => number;
};

const tags = ['Operations'];

/** What marks a cursor into the ids that an ended replay keeps. */
const KEPT = 'kept';

/** Adds the routes that replay dead letters, and tell of replays. */
export function addReplayRoutes(server: ApiServer, options: ReplayRoutesOptions): void {
  const { operations, starter, maxPerSecond, now } = options;

  async function find(tenant: string, id: string): Promise<OperationDocument> {
    const operation = await operations.get(tenant, 'replay', id);
    if (operation === null) throw new ProblemException('ERR_NOT_FOUND', `There is no replay ${id}.`);
    return operation;
  }

  async function show(operation: OperationDocument): Promise<Replay> {
    const { _id, frozenAt, progress } = operation;
    const isUntouched = frozenAt === null;
    const read = () => (isUntouched ? NO_PROGRESS : operations.readProgress(_id));
    return toReplay(operation, progress ?? (await read()));
  }

  async function change(tenant: string, id: string, wanted: OperationChange): Promise<Replay> {
    const { state } = await find(tenant, id);
    const changed = await operations.change(tenant, id, wanted, new Date(now()));
    if (changed === null) {
      throw new ProblemException('ERR_OPERATION_STATE', `The replay is ${state}: it cannot be ${wanted.to}.`);
    }
    return show(changed);
  }

  server.post(
    '/api/replays',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        operationId: 'createReplay',
        summary: 'Replay dead letters, or tell the plan',
        description:
          'With `dryRun` the plan, counted exactly; send its `watermark` with the replay, and exactly that set is replayed, whatever died since. Else an operation that a scheduler runs: first it freezes its set of events, so that what dies later is not touched, then it puts each of them into the queue once, no faster than `ratePerSecond`. It survives the end of any process. It pauses by itself when too many fail again. Of two replays whose sets could have an event in common the second is refused.',
        querystring: noQuery,
        body: replayRequestSchema,
        response: {
          200: json('The plan of a dry run.', operationPlanSchema),
          202: json('The replay is kept; a scheduler runs it.', replaySchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_REPLAY_RUNNING', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const { filter, dryRun, watermark, ratePerSecond, stopAtFailureShare, reason = null } = request.body;
      const { tenant, name: actor } = request.caller;
      if (ratePerSecond > maxPerSecond) {
        const detail = `at most ${maxPerSecond} (REPLAY_MAX_PER_SECOND)`;
        const errors = [{ pointer: '/ratePerSecond', detail }];
        throw new ProblemException('ERR_BODY_INVALID', `ratePerSecond: ${detail}.`, { errors });
      }
      if (dryRun) return reply.code(200).send(await starter.plan(tenant, filter, watermark));
      const pace = { ratePerSecond, stopAtFailureShare, watermark };
      const operation = await starter.startMany('replay', filter, { tenant, actor, reason }, pace);
      reply.code(202).header('location', `/api/replays/${operation._id}`);
      return reply.send(toReplay(operation, NO_PROGRESS));
    },
  );

  server.post(
    '/api/events/:id/replay',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        operationId: 'replayEvent',
        summary: 'Replay one dead letter',
        description:
          'An operation like a bulk replay, of one event, which a scheduler runs within a second. An event that is not dead is refused: a final one never changes, a failed one is tried again by itself. One that was discarded is discarded no longer.',
        params: eventParamsSchema,
        querystring: noQuery,
        body: replayOneSchema,
        response: {
          202: json('The replay is kept; a scheduler runs it.', replaySchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'] as const),
            ...(['ERR_EVENT_NOT_DEAD', 'ERR_REPLAY_RUNNING'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const { tenant, name: actor } = request.caller;
      const starting = { tenant, actor, reason: request.body?.reason ?? null };
      const operation = await starter.startOne('replay', request.params.id, starting);
      reply.code(202).header('location', `/api/replays/${operation._id}`);
      return reply.send(toReplay(operation, NO_PROGRESS));
    },
  );

  server.get(
    '/api/replays',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'listReplays',
        summary: 'List replays',
        description: 'The newest first, of one event and of many.',
        querystring: replayListQuerySchema,
        response: {
          200: json('A page of replays.', replayListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const { items, nextCursor } = await operations.list(request.caller.tenant, 'replay', request.query);
      return reply.send({ items: await Promise.all(items.map(show)), nextCursor });
    },
  );

  server.get(
    '/api/replays/:id',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'getReplay',
        summary: 'Tell how far a replay has come',
        description:
          'Counted on the events themselves. `limit` and `cursor` page through the events that failed again, the newest first. Of a replay that is over, the first 1,000 of them are kept; beyond that, what was replayed again since is no longer listed.',
        params: operationParamsSchema,
        querystring: pageSchema,
        response: {
          200: json('The replay.', replayDetailSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const operation = await find(request.caller.tenant, request.params.id);
      const [shown, failed] = await Promise.all([show(operation), listFailedAgain(operation, request.query)]);
      const detail: ReplayDetail = {
        ...shown,
        failedAgainIds: [...failed.items],
        nextCursor: failed.nextCursor,
      };
      return reply.send(detail);
    },
  );

  function listFailedAgain(operation: OperationDocument, query: z.output<typeof pageSchema>) {
    const { _id, progress, failedAgainIds } = operation;
    const { cursor, limit } = query;
    const isKept = failedAgainIds !== undefined && failedAgainIds.length === progress?.failedAgain;
    const place = cursor === undefined ? { at: 0, id: KEPT } : parseCursor(cursor, toFailedScope(_id));
    if (!isKept || place.id !== KEPT) return operations.listFailedAgain(_id, { limit, cursor });
    const from = Math.max(0, place.at ?? 0);
    const items = failedAgainIds.slice(from, from + limit);
    const hasMore = from + limit < failedAgainIds.length;
    return {
      items,
      nextCursor: hasMore ? toCursor({ at: from + limit, id: KEPT }, toFailedScope(_id)) : null,
    };
  }

  const steer = {
    params: operationParamsSchema,
    querystring: noQuery,
    response: {
      200: json('The replay as it stands now.', replaySchema),
      ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_OPERATION_STATE', 'ERR_UNAVAILABLE'),
    },
  };

  server.post(
    '/api/replays/:id/pause',
    {
      config: { role: 'operator' },
      schema: {
        ...steer,
        ...{ tags, operationId: 'pauseReplay', summary: 'Pause a replay' },
        description: 'No event more is put into the queue; those that are in flight come to their end.',
      },
    },
    async ({ caller, params }, reply) => {
      const stateReason = `Paused by ${caller.name}.`;
      return reply.send(await change(caller.tenant, params.id, { to: 'paused', stateReason }));
    },
  );

  server.post(
    '/api/replays/:id/resume',
    {
      config: { role: 'operator' },
      schema: {
        ...steer,
        ...{ tags, operationId: 'resumeReplay', summary: 'Go on with a paused replay' },
        description:
          'From where it was paused. Whether it pauses by itself is judged by what happens from now on.',
      },
    },
    async ({ caller, params }, reply) => {
      const { succeeded, duplicate, failedAgain } = await show(await find(caller.tenant, params.id));
      const judgedFrom = { outcomes: succeeded + duplicate + failedAgain, failedAgain };
      return reply.send(await change(caller.tenant, params.id, { to: 'running', judgedFrom }));
    },
  );

  server.post(
    '/api/replays/:id/cancel',
    {
      config: { role: 'operator' },
      schema: {
        ...steer,
        ...{ tags, operationId: 'cancelReplay', summary: 'Cancel a replay' },
        description:
          'No event more is put into the queue. `stopped` says how many never will be; the `inFlight` ones come to their end.',
      },
    },
    async ({ caller, params }, reply) => {
      const stateReason = `Cancelled by ${caller.name}.`;
      return reply.send(await change(caller.tenant, params.id, { to: 'cancelled', stateReason }));
    },
  );
}
