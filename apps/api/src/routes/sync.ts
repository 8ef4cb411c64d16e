import { syncHealthSchema, syncMetricsSchema } from '@sluice/contracts/sync';
import type { BackupGaps } from '@sluice/store/backup-gaps';
import type { SyncFailures } from '@sluice/store/sync-failures';
import type { SyncStates } from '@sluice/store/sync-state';
import { noQuery } from '../no-query.ts';
import { json, problems } from '../openapi/responses.ts';
import { type SyncFacts, toSyncHealth, toSyncMetrics } from '../sync/sync-answers.ts';
import type { ApiServer } from '../zod-server.ts';

export type SyncRoutesOptions = {
  readonly syncStates: Pick<SyncStates, 'read'>;
  readonly syncFailures: Pick<SyncFailures, 'count'>;
  readonly gaps: BackupGaps;
  readonly now: () => number;
};

/** Adds the routes that tell how the backup is. */
export function addSyncRoutes(server: ApiServer, options: SyncRoutesOptions): void {
  const { syncStates, syncFailures, gaps, now } = options;

  async function readFacts(): Promise<SyncFacts> {
    const [read, refused, gap] = await Promise.all([syncStates.read(), syncFailures.count(), gaps.find()]);
    return { read, refused, gap };
  }

  server.get(
    '/api/sync/metrics',
    {
      config: { role: 'viewer', scope: 'system' },
      schema: {
        tags: ['Backup'],
        operationId: 'getSyncMetrics',
        summary: 'Count what was copied to the backup',
        description:
          'Counts since the backup was first used. They stand on the backup with what they count, so that no restart loses one or counts it twice; this is what the replicator told last, which it does every second.',
        querystring: noQuery,
        response: {
          200: json('The counts.', syncMetricsSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (_request, reply) => reply.send(toSyncMetrics(await readFacts(), now())),
  );

  server.get(
    '/api/sync/health',
    {
      config: { role: 'viewer', scope: 'system' },
      schema: {
        tags: ['Backup'],
        operationId: 'getSyncHealth',
        summary: 'Tell whether the backup follows',
        description:
          'What the replicator does, how far behind the backup is, what it refuses, and whether a full sync that it needs has not gone through.',
        querystring: noQuery,
        response: {
          200: json('How the backup is.', syncHealthSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (_request, reply) => reply.send(toSyncHealth(await readFacts())),
  );
}
