import { eventParamsSchema } from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import type { RawEventDocument } from '@sluice/contracts/event';
import { wholeNumber } from '@sluice/contracts/whole-number';
import { z } from 'zod';
import { problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

/** What a body can be at most, in bytes: MongoDB holds no larger document. */
const MAX_BYTES = 16 * 1024 * 1024;

const BYTES = 'application/octet-stream';

export type EventBodyRouteOptions = {
  readonly readStoredBody: (tenant: string, id: string) => Promise<Pick<RawEventDocument, 'body'> | null>;
};

/** Adds the route that hands out the bytes of an event as they arrived. */
export function addEventBodyRoute(server: ApiServer, { readStoredBody }: EventBodyRouteOptions): void {
  server.get(
    '/api/events/:id/body',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Events'],
        operationId: 'getEventBody',
        summary: 'Hand out the exact bytes of a stored event',
        description:
          'As they arrived, whatever they are: a file to save, never a page. `X-Total-Bytes` says how many there are in all.',
        params: eventParamsSchema,
        querystring: z.strictObject({
          bytes: wholeNumber(1, MAX_BYTES).optional().describe('Only the first so many bytes.'),
        }),
        response: {
          200: { description: 'The bytes.', content: { [BYTES]: { schema: z.any() } } },
          ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { bytes = MAX_BYTES } = request.query;
      const stored = await readStoredBody(request.caller.tenant, id);
      if (stored === null) throw new ProblemException('ERR_NOT_FOUND', `There is no stored event ${id}.`);
      const { buffer, byteOffset, byteLength } = stored.body;
      return reply
        .type(BYTES)
        .headers({
          'content-disposition': `attachment; filename="${id}"`,
          'x-content-type-options': 'nosniff',
          'x-total-bytes': String(byteLength),
        })
        .send(Buffer.from(buffer, byteOffset, Math.min(byteLength, bytes)));
    },
  );
}
