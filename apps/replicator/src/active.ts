/**
 * The time in which this replicator is the active one:
 *
 *  1. The datasets of both sides must be the same. While they are not, nothing is copied, and a person is waited for.
 *  2. The backup is taken over: whoever was active before can write nothing from now on.
 *  3. Where the backup left off must be in the primary's oplog, and of this very primary. Else the feed goes on from
 *     now, and a full sync is asked for, which brings what is missing and deletes nothing.
 *  4. The apply loop, the retries, the full syncs and the feed are started.
 *  5. It ends when the lease is lost, the process ends, the database was dropped, or something failed; all of it is
 *     stopped, and the next time begins at 1.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SyncRetryProducer } from '@sluice/queue/sync-retries';
import type { Logger } from '@sluice/runtime/logger';
import type { StoreConnection } from '@sluice/store/connection';
import type { SyncFailures } from '@sluice/store/sync-failures';
import type { SyncStates } from '@sluice/store/sync-state';
import { type AppliedBulk, startApplyLoop } from './apply-loop.ts';
import { type ChangeFeedOptions, startChangeFeed } from './change-feed.ts';
import { PositionLostError } from './changes/change.ts';
import { readClusterTime } from './changes/cluster-time.ts';
import { openChanges, type ReadFrom } from './changes/open-changes.ts';
import type { ReplicatorConfig } from './config.ts';
import {
  dropCollections,
  dropDecidingIndexes,
  listCapped,
  listCopied,
  toExcluded,
} from './copied-collections.ts';
import { adoptDataset, matchDatasets } from './dataset.ts';
import { createPendingChanges } from './pending-changes.ts';
import type { ActiveReplicator, ApplyIds, FullSyncReason, FullSyncs } from './ports.ts';
import type { PositionDocument, PositionMove } from './position.ts';
import { createRefusedDocuments } from './refused-documents.ts';
import type { ReplicatorMetrics } from './replicator-metrics.ts';
import type { StateReporter } from './state-reporter.ts';
import { type BulkWriter, openBulkWriter } from './write-bulk.ts';

export type ActiveOptions = {
  readonly config: Pick<
    ReplicatorConfig,
    | 'REDIS_URL'
    | 'QUEUE_PREFIX'
    | 'SYNC_BATCH_SIZE'
    | 'SYNC_OPLOG'
    | 'SYNC_MAX_RETRIES'
    | 'SYNC_EXCLUDED_COLLECTIONS'
    | 'SYNC_WORKER_INTERVAL'
  >;
  readonly instance: string;
  readonly primary: StoreConnection;
  readonly backup: StoreConnection;
  readonly states: SyncStates;
  readonly failures: SyncFailures;
  readonly producer: Pick<SyncRetryProducer, 'addRetry'>;
  readonly fullSyncs: FullSyncs;
  readonly reporter: StateReporter;
  readonly metrics: ReplicatorMetrics;
  readonly logger: Logger;
};

/** How often it is looked whether the datasets are the same by now. */
const BLOCKED_MS = 2000;

const BLOCKED_REASON =
  'The backup holds another dataset than the primary, as it does when the primary was emptied or replaced. Nothing is copied. Restore the primary from the backup, or start a full sync with adoptDataset to make this primary the one that counts.';

/** Runs until the signal is aborted or something ends it; what it throws, LeaseLostError for one, ended it. */
export async function runActive(options: ActiveOptions, signal: AbortSignal): Promise<void> {
  const { primary, backup, config, reporter, logger, fullSyncs, metrics, instance } = options;
  const excluded = toExcluded(config.SYNC_EXCLUDED_COLLECTIONS);
  const origin = await waitForSameDataset(options, signal);
  if (origin === null) return;
  const writer = await openBulkWriter(backup);
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  let isLost = false;
  const closers: (() => Promise<void>)[] = [
    async () => {
      if (isLost) await forgetPosition(writer);
      await writer.close();
    },
  ];
  try {
    await dropDecidingIndexes(backup, excluded, logger);
    const capped = await listCapped(backup, excluded);
    // What brings them back is kept before they go.
    if (capped.length > 0) await fullSyncs.ask('collections-changed');
    await dropCollections(backup, capped, logger);
    const readFrom = {
      ...{ excluded, readsOplog: config.SYNC_OPLOG === 'on' },
      onSource: createSourceLog(metrics, logger),
    };
    const position = writer.position();
    const from = await findStart(options, { position, origin, readFrom }, either);
    const refused = await createRefusedDocuments({
      failures: options.failures,
      producer: options.producer,
      redisUrl: config.REDIS_URL,
      prefix: config.QUEUE_PREFIX,
      name: instance,
      maxRetries: config.SYNC_MAX_RETRIES,
      logger,
      onDead: metrics.dead,
    });
    const loop = startApplyLoop({
      primary,
      writer,
      readTo: from.readTo,
      noteRefused: refused.note,
      onApplied: (bulk) => {
        refused.noteCopied(toCopied(bulk));
        metrics.applied(bulk);
        logBulk(bulk, logger);
      },
      onAway: (err) => logger.debug({ err }, 'store.away'),
      signal: either,
    });
    closers.push(() => loop.stop());
    const toMove = (move: Pick<PositionMove, 'start' | 'appliedTo' | 'appliedAt'>): PositionMove => ({
      ...move,
      ...{ origin, excluded, anchor: reporter.anchor() },
    });
    // Kept before the first change: should it end here, the next one goes on from the same place.
    await loop.applyChanges(new Map(), toMove(from), new Date());
    const applyIds: ApplyIds = (collection, ids, gone) => {
      const pending = createPendingChanges();
      const kind = gone === 'delete' ? 'delete' : 'update';
      for (const id of ids) pending.add({ kind, collection, id });
      return loop.applyDocuments(pending.take());
    };
    const feed = startChangeFeed({
      ...{ primary, loop, ...from, readFrom, toMove, signal: either },
      batchSize: config.SYNC_BATCH_SIZE,
      intervalMs: config.SYNC_WORKER_INTERVAL,
      checkPrimary: async () => {
        if ((await options.states.countWrites()) < writer.position().anchor) {
          throw new PositionLostError('The primary is older than the position: it was restored.');
        }
      },
      onCollectionsChanged: async (operationType) => {
        logger.warn({ operationType }, 'collections.changed');
        await fullSyncs.ask('collections-changed');
      },
      onAway: (err) => logger.debug({ err }, 'store.away'),
    });
    closers.push(() => feed.ended.catch(() => undefined));
    closers.push(async () => reporter.follow(null));
    closers.push(() => refused.stop());
    refused.start(applyIds);
    const active: ActiveReplicator = {
      primary: primary.db,
      backup: backup.db,
      origin,
      fence: writer.position().fence,
      signal: either,
      applyIds,
      listCollections: async () => {
        const sides = await Promise.all([listCopied(primary, excluded), listCopied(backup, excluded)]);
        return [...new Set(sides.flat())].sort();
      },
      appliedTo: () => feed.progress().appliedTo,
      watchChanges: feed.watch,
    };
    const running = fullSyncs.start(active);
    closers.push(running.stop);
    reporter.follow(() => ({ progress: feed.progress(), position: writer.position() }));
    reporter.set('active');
    logger.info({ fence: active.fence, ...toShown(from.start) }, 'replicator.active');
    await Promise.race([feed.ended, loop.failed]);
  } catch (error) {
    isLost = error instanceof PositionLostError;
    throw error;
  } finally {
    ending.abort();
    reporter.set('starting');
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  }
}

/** Notes that the primary does not know the position, also where that shows only while it is read on. */
async function forgetPosition(writer: BulkWriter): Promise<void> {
  const move = { ...writer.position(), start: null };
  await writer.write({ writes: [], move, failed: 0, createdMs: performance.now(), countsConflicts: false });
}

/** Returns which primary this is, once the backup is of its dataset; null when the signal was aborted before. */
async function waitForSameDataset(
  { primary, backup, reporter, fullSyncs, logger }: ActiveOptions,
  signal: AbortSignal,
): Promise<string | null> {
  let isTold = false;
  while (!signal.aborted) {
    const match = await matchDatasets(primary, backup);
    if (match.kind !== 'foreign') {
      if (match.kind === 'named') logger.info({}, 'backup.named');
      if (isTold) reporter.set('starting');
      return match.origin;
    }
    if (await fullSyncs.isAdoptionAsked()) {
      await adoptDataset(primary, backup);
      logger.warn({}, 'backup.adopted');
      continue;
    }
    if (!isTold) logger.error({ reason: BLOCKED_REASON }, 'replicator.blocked');
    isTold = true;
    reporter.set('blocked', BLOCKED_REASON);
    await pause(BLOCKED_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/** Where the feed goes on, and what is on the backup up to there; null when that is not known. */
type From = Pick<ChangeFeedOptions, 'start' | 'appliedTo' | 'appliedAt'> & Pick<PositionDocument, 'readTo'>;

/** Finds where to go on. When that is not known a full sync is asked for, and kept, before anything else. */
async function findStart(
  { primary, states, fullSyncs, reporter, logger }: ActiveOptions,
  known: {
    readonly position: PositionDocument;
    readonly origin: string;
    readonly readFrom: ChangeFeedOptions['readFrom'];
  },
  ending: AbortSignal,
): Promise<From> {
  const {
    position,
    readFrom: { excluded },
  } = known;
  // Before the request: what changes from now on the feed sees, what changed before the full sync.
  const now = await readClusterTime(primary);
  const anchor = await states.countWrites();
  reporter.setAnchor(anchor);
  const reason = await findReason(primary, known, anchor, ending);
  if (reason === null && position.start !== null) {
    const isWider = position.excluded.some((name) => !excluded.includes(name));
    if (isWider) await fullSyncs.ask('collections-changed');
    const { start, appliedTo, appliedAt, readTo } = position;
    return { start, appliedTo, appliedAt, readTo };
  }
  logger.warn({ reason }, 'position.lost');
  await fullSyncs.ask(reason ?? 'first-sync');
  // What the position says of another primary, or of another past of this one, means nothing here.
  return { start: { at: now }, appliedTo: null, appliedAt: null, readTo: null };
}

async function findReason(
  primary: StoreConnection,
  {
    position,
    origin,
    readFrom,
  }: {
    readonly position: PositionDocument;
    readonly origin: string;
    readonly readFrom: ChangeFeedOptions['readFrom'];
  },
  anchor: number,
  ending: AbortSignal,
): Promise<FullSyncReason | null> {
  if (position.start === null) return position.origin === null ? 'first-sync' : 'position-lost';
  if (position.origin !== origin || position.anchor > anchor) return 'position-lost';
  try {
    const source = await openChanges(primary, { ...readFrom, start: position.start, ending });
    try {
      await source.next({ limit: 1, waitMs: 1 });
    } finally {
      await source.close();
    }
    return null;
  } catch (error) {
    if (error instanceof PositionLostError) return 'position-lost';
    throw error;
  }
}

function toCopied({ writes, refused }: AppliedBulk): AppliedBulk['writes'] {
  if (refused.length === 0) return writes;
  const left = new Set(refused.map(({ collection, key }) => `${collection}\0${key}`));
  return writes.filter(({ collection, key }) => !left.has(`${collection}\0${key}`));
}

/** Notes, and writes a line, when changes are read from somewhere else than before, or for another reason. */
function createSourceLog({ reads }: ReplicatorMetrics, logger: Logger): (from: ReadFrom) => void {
  let told: ReadFrom | undefined;
  return (from) => {
    if (from.source === told?.source && from.reason === told.reason) return;
    told = from;
    reads(from);
    logger.info(from, 'changes.source');
  };
}

function toShown(start: NonNullable<PositionDocument['start']>): Record<string, unknown> {
  return 'at' in start ? { from: new Date(start.at.t * 1000) } : {};
}

/** Writes one line for each bulk, which names every document; those that were refused have lines of their own. */
function logBulk({ writes, refused, conflicts, durationMs, createdMs }: AppliedBulk, logger: Logger): void {
  if (writes.length === 0 || !logger.isLevelEnabled('debug')) return;
  const line = {
    copied: writes.length - refused.length,
    refused: refused.length,
    conflicts,
    durationMs: Math.round(durationMs),
    waitedMs: Math.round(performance.now() - createdMs - durationMs),
    documents: writes.map(
      ({ collection, id, document, mayDelete }) =>
        `${document !== null ? '' : mayDelete ? 'deleted ' : 'gone '}${collection} ${String(id)}`,
    ),
  };
  logger.debug(line, 'bulk.copied');
}
