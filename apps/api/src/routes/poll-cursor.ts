import { cursorResetBodySchema, cursorResetSchema } from '@sluice/contracts/cursor-reset';
import { ProblemException } from '@sluice/contracts/errors';
import { sourceParamsSchema } from '@sluice/contracts/sources-api';
import type { Checkpoints } from '@sluice/store/checkpoints';
import type { SourceStore } from '@sluice/store/sources-store';
import { z } from 'zod';
import { json, problems } from '../openapi/responses.ts';
import { findSource } from '../sources/find-source.ts';
import type { ApiServer } from '../zod-server.ts';

export type PollCursorRoutesOptions = {
  readonly sources: Pick<SourceStore, 'get'>;
  readonly checkpoints: Pick<Checkpoints, 'reset'>;
};

/** Adds the route that lets a polled source be read from its beginning. */
export function addPollCursorRoutes(
  server: ApiServer,
  { sources, checkpoints }: PollCursorRoutesOptions,
): void {
  server.post(
    '/api/sources/:id/cursor',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Sources'],
        operationId: 'resetSourceCursor',
        summary: 'Read a source from its beginning',
        description:
          'Forgets how far a polled source was read; the next run begins where a new source would. A run in hand ends without moving the cursor. What was read before is read again and known by its id and version, so it makes no second event. Works for sources of the sources file too.',
        params: sourceParamsSchema,
        querystring: z.strictObject({}),
        body: cursorResetBodySchema,
        response: {
          200: json('Whether there was anything to forget.', cursorResetSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_NOT_FOUND'] as const),
            ...(['ERR_SOURCE_NOT_POLLED', 'ERR_UNAVAILABLE'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const { id, source } = await findSource(sources, request.caller.tenant, request.params.id);
      if (source.kind !== 'poll') throw new ProblemException('ERR_SOURCE_NOT_POLLED');
      return reply.send({ source: id, reset: await checkpoints.reset(id) });
    },
  );
}
