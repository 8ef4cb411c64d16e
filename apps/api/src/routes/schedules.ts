import { scheduleListSchema } from '@sluice/contracts/schedules';
import { sourcePageSchema } from '@sluice/contracts/sources-api';
import type { PollRuns } from '@sluice/store/poll-runs';
import type { SourceStore } from '@sluice/store/sources-store';
import { json, problems } from '../openapi/responses.ts';
import { readAfter, toPage } from '../sources/page.ts';
import { toScheduleItem } from '../sources/schedule-view.ts';
import type { ApiServer } from '../zod-server.ts';

export type ScheduleRouteOptions = {
  readonly sources: Pick<SourceStore, 'page'>;
  readonly pollRuns: Pick<PollRuns, 'listMany' | 'findLastWhole'>;
  readonly now: () => number;
};

/** How many of its last runs a source shows. */
const SHOWN_RUNS = 20;

/** Adds the route that tells when each polled source is polled, and what came of it. */
export function addScheduleRoute(server: ApiServer, { sources, pollRuns, now }: ScheduleRouteOptions): void {
  server.get(
    '/api/schedules',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Sources'],
        operationId: 'listSchedules',
        summary: 'List the polled sources with their runs',
        description:
          'By name, each with its next run, the slots that passed without one, how far it was read, and its last 20 runs. Three questions to MongoDB, however many sources there are.',
        querystring: sourcePageSchema,
        response: {
          200: json('A page of schedules.', scheduleListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async ({ query, caller }, reply) => {
      const page = { after: readAfter(query.cursor), limit: query.limit + 1, kind: 'poll' } as const;
      const found = await sources.page(caller.tenant, page);
      const ids = found.map(({ id }) => id);
      const [runs, whole] = await Promise.all([
        pollRuns.listMany(ids, SHOWN_RUNS, new Date(now())),
        pollRuns.findLastWhole(ids),
      ]);
      const items = found.flatMap((record) => {
        const polled = { runs: runs.get(record.id) ?? [], whole: whole.get(record.id) };
        return toScheduleItem(record, polled, now()) ?? [];
      });
      return reply.send(toPage(items, query.limit, ({ id }) => id));
    },
  );
}
