import { type Caller, mayActAs } from '@sluice/contracts/access';
import { ProblemException } from '@sluice/contracts/errors';
import {
  comparedDocumentQuerySchema,
  comparedDocumentSchema,
  type LookedAt,
  type SyncDifferences,
  syncDifferencesSchema,
  toLookRole,
} from '@sluice/contracts/sync-differences';
import { within } from '@sluice/store/deadline';
import type { DocumentLooks } from '@sluice/store/document-looks';
import type { FullSyncStore } from '@sluice/store/full-syncs';
import type { SyncStates } from '@sluice/store/sync-state';
import { z } from 'zod';
import { json, problems } from '../openapi/responses.ts';
import { NEVER_COMPARED, toSyncDifferences } from '../sync/differences-view.ts';
import type { ApiServer } from '../zod-server.ts';

export type SyncDifferenceRoutesOptions = {
  readonly fullSyncs: Pick<FullSyncStore, 'findLast' | 'findMended'>;
  readonly looks: Pick<DocumentLooks, 'ask'>;
  readonly syncStates: Pick<SyncStates, 'read'>;
  readonly now: () => number;
};

/** How long an answer may take behind the check of the key, which takes up to 0.8 s; all of it no more than 3 s. */
const ANSWER_MS = 2000;

/** How long a replicator may take of it. */
const PATIENCE_MS = 1500;

const tags = ['Backup'];
const config = { role: 'viewer', scope: 'system' } as const;

/** Adds the routes that show in what the backup differs. */
export function addSyncDifferenceRoutes(server: ApiServer, options: SyncDifferenceRoutesOptions): void {
  const { fullSyncs, looks, syncStates, now } = options;

  async function look(collection: string, id: string): Promise<LookedAt> {
    const told = await syncStates.read();
    if (told === null || told.state.state === 'off') throw new ProblemException('ERR_SYNC_OFF');
    const answer = await looks.ask(collection, id, PATIENCE_MS);
    if (answer === null) {
      throw new ProblemException(
        'ERR_UNAVAILABLE',
        'No replicator has answered, and only they read the backup.',
      );
    }
    if (answer.kind === 'away') {
      throw new ProblemException('ERR_UNAVAILABLE', `The ${answer.side} does not answer the replicator.`);
    }
    return answer;
  }

  async function readDifferences(): Promise<SyncDifferences> {
    const { verified } = await fullSyncs.findLast();
    if (verified === null) return NEVER_COMPARED;
    return toSyncDifferences(verified, await fullSyncs.findMended(verified.createdAt), now());
  }

  server.get(
    '/api/sync/differences',
    {
      config,
      schema: {
        tags,
        operationId: 'getSyncDifferences',
        summary: 'What differs on the backup, as the last comparison found it',
        description:
          'Of the last verification or full sync that went through all collections, with up to 20 differences of each kind in each collection, since when each has been known, and whether it was mended since. A document that differed only because its change was on its way is not among them.',
        querystring: z.strictObject({}),
        response: {
          200: json('The differences.', syncDifferencesSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (_request, reply) => {
      return reply.send(await within(ANSWER_MS, readDifferences));
    },
  );

  server.get(
    '/api/sync/differences/document',
    {
      config,
      schema: {
        tags,
        operationId: 'compareDocument',
        summary: 'A document on the primary and on the backup, field by field',
        description:
          'As both sides hold it now: a replicator reads them. Secrets and hashes of keys are never shown, only whether they differ. Viewers may look into collections whose documents name their tenant; API keys, the audit log and all other collections, like mappings, take the role admin. Documents that name another tenant are refused.',
        querystring: comparedDocumentQuerySchema,
        response: {
          200: json('Both sides.', comparedDocumentSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_FORBIDDEN', 'ERR_SYNC_OFF', 'ERR_UNAVAILABLE'] as const),
          ),
        },
      },
    },
    async ({ query: { collection, id }, caller }, reply) => {
      assertMayLook(caller, collection);
      const { tenants, readAt, ...found } = await within(ANSWER_MS, () => look(collection, id));
      if (tenants.some((tenant) => tenant !== caller.tenant)) {
        throw new ProblemException('ERR_FORBIDDEN', 'The document belongs to another tenant.');
      }
      return reply.send({ collection, id, readAt: readAt.toISOString(), ...toShown(found) });
    },
  );
}

function assertMayLook({ role }: Caller, collection: string): void {
  const needed = toLookRole(collection);
  if (mayActAs(role, needed)) return;
  const detail = `Documents of ${collection} take the role ${needed}; the key has ${role}.`;
  throw new ProblemException('ERR_FORBIDDEN', detail);
}

/** Leaves out what stands beside it in the answer of the replicator. */
function toShown({
  onPrimary,
  onBackup,
  equal,
  orderDiffers,
  fields,
  fieldCount,
}: Omit<LookedAt, 'tenants' | 'readAt'>) {
  return { onPrimary, onBackup, equal, orderDiffers, fields: [...fields], fieldCount };
}
