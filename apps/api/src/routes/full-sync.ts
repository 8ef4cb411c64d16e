import { ProblemException } from '@sluice/contracts/errors';
import {
  type FullSync,
  type FullSyncRequest,
  fullSyncRequestSchema,
  fullSyncSchema,
  fullSyncsSchema,
} from '@sluice/contracts/full-sync';
import type { FullSyncStore, NewFullSync } from '@sluice/store/full-syncs';
import type { SyncStates } from '@sluice/store/sync-state';
import { noQuery } from '../no-query.ts';
import { json, problems } from '../openapi/responses.ts';
import { toFullSync } from '../sync/full-sync-view.ts';
import type { ApiServer } from '../zod-server.ts';

export type FullSyncRoutesOptions = {
  readonly fullSyncs: FullSyncStore;
  readonly syncStates: Pick<SyncStates, 'read'>;
  readonly now: () => number;
};

const tags = ['Backup'];

/** Adds the routes that compare the backup with the primary, and tell what came of it. */
export function addFullSyncRoutes(server: ApiServer, options: FullSyncRoutesOptions): void {
  const { fullSyncs, syncStates, now } = options;

  async function assertSyncOn(): Promise<void> {
    const found = await syncStates.read();
    if (found !== null && found.state.state !== 'off') return;
    throw new ProblemException('ERR_SYNC_OFF');
  }

  async function change(to: 'paused' | 'running' | 'cancelled', caller: { name: string }): Promise<FullSync> {
    const word = to === 'paused' ? 'Paused' : 'Cancelled';
    const changed = await fullSyncs.change(to, `${word} by ${caller.name}.`, new Date(now()));
    if (changed !== null) return toFullSync(changed);
    const live = await fullSyncs.findLive();
    throw new ProblemException(
      'ERR_OPERATION_STATE',
      live === null ? 'No full sync waits, runs or is paused.' : `The full sync is ${live.state}.`,
    );
  }

  server.get(
    '/api/sync/full',
    {
      config: { role: 'viewer', scope: 'system' },
      schema: {
        tags,
        operationId: 'getFullSyncs',
        summary: 'The full sync that runs, and the last one, with their differences',
        description:
          'Differences are real ones: a document that differed only because its change was on its way is not among them. A document that changed all the time while it was looked at counts as `lagging`. `since` and `ageSeconds` tell since when a difference has been known.',
        querystring: noQuery,
        response: {
          200: json('The full syncs.', fullSyncsSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (_request, reply) => {
      const [live, { last, verified }] = await Promise.all([fullSyncs.findLive(), fullSyncs.findLast()]);
      return reply.send({
        current: live === null ? null : toFullSync(live),
        last: last === null ? null : toFullSync(last),
        lastVerifiedAt: verified?.endedAt?.toISOString() ?? null,
      });
    },
  );

  server.post(
    '/api/sync/full',
    {
      config: { role: 'operator', scope: 'system' },
      schema: {
        tags,
        operationId: 'createFullSync',
        summary: 'Compare the backup with the primary, and mend it',
        description:
          'An operation that the replicator runs while changes go on: it compares all documents of both sides by hashes of their bytes and, unless the mode is `verify`, makes those that differ on the backup what they are on the primary. It survives the end of any process. One at a time: a second one is refused.',
        querystring: noQuery,
        body: fullSyncRequestSchema,
        response: {
          202: json('It is kept; the replicator runs it.', fullSyncSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_SYNC_RUNNING'] as const),
            ...(['ERR_SYNC_OFF', 'ERR_UNAVAILABLE'] as const),
          ),
        },
      },
    },
    async ({ body, caller }, reply) => {
      await assertSyncOn();
      const created = await fullSyncs.create(toNewFullSync(body, caller.name), new Date(now()));
      if ('meets' in created) {
        throw new ProblemException('ERR_SYNC_RUNNING', `The full sync ${created.meets} is not over yet.`);
      }
      return reply.code(202).send(toFullSync(created));
    },
  );

  const steer = {
    tags,
    querystring: noQuery,
    response: {
      200: json('The full sync as it stands now.', fullSyncSchema),
      ...problems('ERR_QUERY_INVALID', 'ERR_OPERATION_STATE', 'ERR_UNAVAILABLE'),
    },
  };
  const config = { role: 'operator', scope: 'system' } as const;

  server.post(
    '/api/sync/full/pause',
    {
      config,
      schema: {
        ...{ ...steer, operationId: 'pauseFullSync', summary: 'Pause the full sync' },
        description: 'Nothing more is compared, within a second. Changes are copied as ever.',
      },
    },
    async ({ caller }, reply) => reply.send(await change('paused', caller)),
  );

  server.post(
    '/api/sync/full/resume',
    {
      config,
      schema: {
        ...{ ...steer, operationId: 'resumeFullSync', summary: 'Go on with the paused full sync' },
        description: 'From where it was paused.',
      },
    },
    async ({ caller }, reply) => reply.send(await change('running', caller)),
  );

  server.post(
    '/api/sync/full/cancel',
    {
      config,
      schema: {
        ...{ ...steer, operationId: 'cancelFullSync', summary: 'Cancel the full sync' },
        description: 'What was mended so far stays; the rest is left as it is.',
      },
    },
    async ({ caller }, reply) => reply.send(await change('cancelled', caller)),
  );
}

function toNewFullSync(
  { mode, confirmDeletes, adoptDataset, only, ratePerSecond, reason }: FullSyncRequest,
  actor: string,
): NewFullSync {
  return {
    ...{ mode, adoptDataset, only: only ?? null, ratePerSecond, reason, actor },
    deletes: confirmDeletes ? 'all' : 'few',
  };
}
