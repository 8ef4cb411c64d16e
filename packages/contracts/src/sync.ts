import { z } from 'zod';

/**
 * What the replicator is doing: `off` = there is none, or it is told not to copy; `starting` = it looks where it left
 * off; `active`; `away` = the backup does not answer; `blocked` = the backup is of another dataset, and nothing is
 * copied until a person decides; `silent` = it has not been heard of for a while.
 */
const SYNC_STATES = ['off', 'starting', 'active', 'away', 'blocked', 'silent'] as const;
export type SyncStateName = (typeof SYNC_STATES)[number];

/** After which time a replicator that says nothing is taken for gone, in ms. */
export const SYNC_SILENT_MS = 10_000;

/** Counts of everything since the backup was first used; they are kept on the backup with what they count. */
export type SyncTotals = {
  readonly succeeded: number;
  readonly failed: number;
  /** Changes that were copied together with a later one of the same document. */
  readonly merged: number;
  /** Documents that were inserted here and stood on the backup already with other content. */
  readonly conflicts: number;
  /** The sum of what each operation took, in ms. */
  readonly timeMs: number;
};

/** What the replicator says of itself (`resume_tokens` of the primary, `_id` `state`). */
export type SyncState = {
  readonly state: Exclude<SyncStateName, 'silent'>;
  /** Since when it is in this state. */
  readonly since: Date;
  /** Why it is away or blocked. */
  readonly reason: string | null;
  readonly holder: string;
  /** All that the primary had written up to then is on the backup, or noted as refused. */
  readonly appliedAt: Date | null;
  /** How old the oldest change is that is not on the backup yet; 0 when there is none. */
  readonly lagSeconds: number | null;
  /** Changes that were read and are not on the backup yet. */
  readonly pending: number;
  readonly totals: SyncTotals;
  readonly lastSyncAt: Date | null;
  /** Operations a second, lately. */
  readonly perSecond: number;
  /** The last time that the backup answered. */
  readonly backupSeenAt: Date | null;
};

const count = z.number().int();
const at = z.string().nullable().describe('RFC 3339, UTC.');

/** The answer of `GET /api/sync/metrics`. An operation is one change, or one document of a full sync or a retry. */
export const syncMetricsSchema = z
  .object({
    totalOperations: count.describe('All that came to an end: `successfulSyncs` and `failedSyncs`.'),
    successfulSyncs: count.describe(
      'Changes that are on the backup, those included that were copied together with a later one of the same document; and documents of full syncs and retries.',
    ),
    failedSyncs: count.describe('Those that the backup refused; a retry that is refused counts again.'),
    queueSize: count.describe('Changes that were read and are not copied yet, and documents to be retried.'),
    avgSyncTimeMs: z.number().describe('How long an operation took on average, from reading to the commit.'),
    lastSyncTimestamp: at,
    lagSeconds: z
      .number()
      .nullable()
      .describe(
        'How old the oldest change is that is not on the backup; while that cannot be known, how long ago it was known. Null until the first full sync, or one that is needed because the position was lost, has gone through.',
      ),
  })
  .meta({ id: 'SyncMetrics' });
export type SyncMetrics = z.infer<typeof syncMetricsSchema>;

/** The answer of `GET /api/sync/health`. */
export const syncHealthSchema = z
  .object({
    state: z
      .enum(SYNC_STATES)
      .describe('`off`, `starting`, `active`, `away` (the backup), `blocked`, or `silent` (the replicator).'),
    healthy: z
      .boolean()
      .describe('Whether the backup is whole, follows less than a minute behind, and refuses nothing.'),
    since: at.describe('Since when it is in this state.'),
    reason: z.string().nullable().describe('Why it is not active, or the backup not whole, and what to do.'),
    lag: z.string().describe('In words: `0.4 s`, or `unknown since` a time.'),
    lagSeconds: z.number().nullable().describe('Null while it is unknown.'),
    lagUnknownSince: at.describe('Null while the lag is known.'),
    primary: z.object({ reachable: z.boolean() }),
    backup: z.object({ reachable: z.boolean(), lastSeenAt: at }),
    appliedAt: at.describe(
      'What was written up to then is on the backup; null while a full sync that it needs has not gone through.',
    ),
    perSecond: z.number().describe('Operations a second, lately.'),
    synced: count.describe('Operations that came to a good end, as in `/api/sync/metrics`.'),
    conflicts: count.describe(
      'Documents that were inserted here and stood on the backup with other content, which was overwritten.',
    ),
    merged: count.describe('Changes that were copied together with a later one of the same document.'),
    refused: z
      .object({ retrying: count, dead: count })
      .describe(
        'Documents that the backup refuses: those that are tried again, and those that need a person.',
      ),
    replicator: z.string().nullable().describe('The process that copies.'),
  })
  .meta({ id: 'SyncHealth' });
export type SyncHealth = z.infer<typeof syncHealthSchema>;

/** A document that the backup refused (`sync_failures` of the primary). */
export type SyncFailure = {
  readonly _id: string;
  readonly collection: string;
  /** The document's id as extended JSON, canonical. */
  readonly documentId: string;
  /** It is a delete that was refused. */
  readonly isDelete?: boolean;
  readonly state: 'retrying' | 'dead';
  /** Begins with the time, and rises when it is refused anew after it was dead, so that its job gets a new name. */
  readonly run: number;
  /** Retries that failed. */
  readonly attempts: number;
  readonly code: string;
  readonly message: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
};
