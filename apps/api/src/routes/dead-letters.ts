import {
  type DeadLetterGroup,
  deadLettersQuerySchema,
  deadLettersSchema,
  toStage,
} from '@sluice/contracts/dead-letters';
import { toFingerprint } from '@sluice/normalizer/fingerprint';
import type { DeadLetterGroupFound, DeadLettersStore } from '@sluice/store/dead-letters';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

export type DeadLetterRoutesOptions = {
  readonly deadLetters: Pick<DeadLettersStore, 'group'>;
  readonly now: () => number;
};

/** Adds the route that groups dead letters by what they died of. */
export function addDeadLetterRoutes(server: ApiServer, { deadLetters, now }: DeadLetterRoutesOptions): void {
  server.get(
    '/api/dead-letters',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Operations'],
        operationId: 'listDeadLetters',
        summary: 'Group dead letters by what they died of',
        description:
          'The largest groups first. A group is named by its fingerprint: the stage, the code, and the message without ids, numbers, times, hosts and quoted values. `GET /api/events/raw?fingerprint=` lists its events; `POST /api/replays` and `POST /api/discards` take the fingerprint as a filter.',
        querystring: deadLettersQuerySchema,
        response: {
          200: json('The groups.', deadLettersSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const { total, groups, window, items } = await deadLetters.group(
        request.caller.tenant,
        request.query,
        new Date(now()),
      );
      return reply.send({
        ...{ total, groups },
        window: window && { from: window.from.toISOString(), to: window.to.toISOString() },
        items: items.map(toGroup),
      });
    },
  );
}

function toGroup(found: DeadLetterGroupFound): DeadLetterGroup {
  const stage = toStage(found.code);
  return {
    ...{ fingerprint: found.fingerprint, stage, code: found.code },
    message: toFingerprint(found.code, found.message, stage).text,
    ...{ count: found.count, sources: { ...found.sources } },
    oldest: found.oldest.toISOString(),
    newest: found.newest.toISOString(),
    lastFiveMinutes: found.lastFiveMinutes,
    sampleIds: [...found.sampleIds],
    sparkline: [...found.sparkline],
  };
}
