import type { FullSyncDocument } from '@sluice/contracts/full-sync';
import { createTestNames, mongoUrlFor } from '@sluice/local/test-names';
import { startOwnMongo } from '@sluice/local/test-servers';
import { createSyncRetryProducer } from '@sluice/queue/sync-retries';
import { createLogger } from '@sluice/runtime/logger';
import { createMetrics } from '@sluice/runtime/metrics';
import { connectStore } from '@sluice/store/connection';
import { createFullSyncStore, type NewFullSync } from '@sluice/store/full-syncs';
import { createLeases } from '@sluice/store/leases';
import { createSyncFailures } from '@sluice/store/sync-failures';
import { createSyncStates } from '@sluice/store/sync-state';
import type { Db, Document } from 'mongodb';
import { afterAll, expect, inject, vi } from 'vitest';
import { startReplicator } from '../src/app.ts';
import { createFullSyncs } from '../src/full-sync/full-syncs.ts';
import { createReplicatorMetrics } from '../src/replicator-metrics.ts';
import { startStateReporter } from '../src/state-reporter.ts';

/** What a test reads a collection as: every document's bytes by its id. */
type Content = Readonly<Record<string, string>>;

const PATIENCE = { timeout: 25_000, interval: 20 };

/**
 * Opens a primary and a backup for a test file, call it at the top of the file: two databases of the run's MongoDB, or the
 * backup on a server of its own, with a time of its own; or the primary on one that keeps `oplogMb` MB of its oplog.
 */
export async function startPair({
  isOnOwnServer = false,
  oplogMb,
}: {
  readonly isOnOwnServer?: boolean;
  readonly oplogMb?: number;
} = {}) {
  const names = createTestNames();
  const server = isOnOwnServer || oplogMb !== undefined ? await startOwnMongo({ oplogMb }) : null;
  const ownUrl = server?.url.replace('/?', `/${names.database}?`);
  const primaryUrl = oplogMb === undefined ? undefined : ownUrl;
  const backupUrl = (isOnOwnServer ? ownUrl : undefined) ?? mongoUrlFor(`${names.database}_backup`);
  const logger = createLogger({ app: 'replicator', instance: 'test', level: 'silent' });
  const primary = connectStore({
    uri: primaryUrl ?? names.mongoUrl,
    appName: 'test',
    operationTimeoutMs: 10_000,
  });
  const backup = connectStore({ uri: backupUrl, appName: 'test', operationTimeoutMs: 10_000 });
  const store = createFullSyncStore(primary);
  const stops = new Set<() => Promise<void>>();
  let count = 0;
  await vi.waitFor(() => Promise.all([primary.ping(), backup.ping()]), PATIENCE);

  /** Starts a replicator, wired as `main.ts` does. */
  function startOne({
    excluded = [],
    isReversed = false,
  }: {
    readonly excluded?: readonly string[];
    /** The backup is the primary. */
    readonly isReversed?: boolean;
  } = {}) {
    count += 1;
    const instance = `replicator-${count}`;
    const redisUrl = inject('redisUrl');
    const producer = createSyncRetryProducer({ redisUrl, prefix: names.prefix, logger });
    const [from, to] = isReversed ? [backup, primary] : [primary, backup];
    const states = createSyncStates(from);
    const reporter = startStateReporter({ states, backup: to, holder: instance, logger, reportMs: 100 });
    const replicator = startReplicator({
      config: {
        ...{ REDIS_URL: redisUrl, QUEUE_PREFIX: names.prefix, SYNC_BATCH_SIZE: 1000 },
        ...{
          SYNC_MAX_RETRIES: 5,
          SYNC_EXCLUDED_COLLECTIONS: [...excluded],
          SYNC_WORKER_INTERVAL: 10,
          SYNC_OPLOG: 'on',
        },
      },
      ...{ instance, primary: from, backup: to, states, producer, reporter, logger },
      failures: createSyncFailures(from),
      leases: createLeases(to),
      fullSyncs: createFullSyncs({
        ...{
          store: createFullSyncStore(from),
          logger,
          now: Date.now,
          idleMs: 20,
          noteEveryMs: 100,
          againMs: 20,
          restMs: 500,
        },
      }),
      metrics: createReplicatorMetrics(createMetrics({ app: 'replicator', instance })),
      standbyMs: 50,
    });
    const stop = async () => {
      if (!stops.delete(stop)) return;
      await replicator.close();
      await reporter.stop();
      await producer.close();
    };
    stops.add(stop);
    return { stop };
  }

  afterAll(async () => {
    for (const stop of stops) await stop();
    await Promise.all([primary.db.dropDatabase(), backup.db.dropDatabase()]);
    await Promise.all([primary.close(), backup.close()]);
    await server?.stop();
  });

  /** Asks for a full sync as a person does; throws when one is under way. */
  async function begin(
    wanted: Partial<NewFullSync> = {},
    { isReversed = false } = {},
  ): Promise<FullSyncDocument> {
    const syncs = isReversed ? createFullSyncStore(backup) : store;
    const created = await syncs.create(
      {
        ...{ mode: 'copy', deletes: 'few', adoptDataset: false, only: null },
        ...{ ratePerSecond: 1_000_000, reason: 'a test', actor: 'test' },
        ...wanted,
      },
      new Date(),
    );
    if ('meets' in created) {
      const live = await syncs.findLive();
      throw new Error(`${created.meets} is not over yet: ${live?.state} ${live?.reason}`);
    }
    return created;
  }

  /** Waits until no full sync is under way, and returns the last one. */
  function ended(id?: string): Promise<FullSyncDocument> {
    return vi.waitFor(async () => {
      const { last } = await store.findLast();
      if (last === null || (id !== undefined && last._id !== id)) {
        const live = await store.findLive();
        throw new Error(
          `It is not over yet: ${live?.state}, ${live?.phase}, waits for ${live?.waitingFor}, as of ${live?.updatedAt.toISOString()}.`,
        );
      }
      return last;
    }, PATIENCE);
  }

  /** Runs a full sync to its end. */
  async function run(wanted?: Partial<NewFullSync>): Promise<FullSyncDocument> {
    const sync = await ended((await begin(wanted))._id);
    expect(sync).toMatchObject({ state: 'done', phase: 'ended', stateReason: null });
    return sync;
  }

  /** Waits until a collection is the same on both sides. */
  async function converged(collection: string): Promise<void> {
    await vi.waitFor(async () => {
      expect(await read(backup.db, collection)).toEqual(await read(primary.db, collection));
    }, PATIENCE);
  }

  /**
   * Waits until the active replicator has read all that changed before now, and no full sync is under way or asked for:
   * one that has ended may be followed by another, for which something was dropped meanwhile.
   */
  async function settled({ isReversed = false } = {}): Promise<void> {
    const from = isReversed ? backup : primary;
    const [states, syncs] = [createSyncStates(from), createFullSyncStore(from)];
    const askedAt = Date.now();
    await vi.waitFor(async () => {
      expect(Number((await states.read())?.state.appliedAt)).toBeGreaterThanOrEqual(askedAt);
      // In the order in which the one becomes the other.
      expect(await syncs.findAsked()).toBeNull();
      expect(await syncs.findLive()).toBeNull();
    }, PATIENCE);
  }

  return {
    ...{ names, primary, backup, store, startOne, begin, ended, run, converged, settled },
    /** The two collections of a name. */
    sides: (name: string) => ({
      here: primary.db.collection<Document>(name),
      there: backup.db.collection<Document>(name),
    }),
  };
}

/** Reads a collection. */
export async function read(db: Db, collection: string): Promise<Content> {
  const found = await db
    .collection(collection)
    .find<Uint8Array>({}, { raw: true, readConcern: 'majority' })
    .toArray();
  return Object.fromEntries(
    found.map((raw) => {
      const hex = Buffer.from(raw).toString('hex');
      return [hex, hex];
    }),
  );
}

/** Returns what a full sync found in a collection, by kind and id. */
export function toFound(sync: FullSyncDocument, name: string) {
  const progress = sync.collections.find((one) => one.name === name);
  if (progress === undefined) throw new Error(`The collection ${name} was not compared.`);
  const { missing, extra, unequal, samples } = progress;
  return { missing, extra, unequal, ids: samples.map(({ kind, id }) => `${kind} ${id}`).sort() };
}
