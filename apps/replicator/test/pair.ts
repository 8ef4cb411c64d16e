import { Writable } from 'node:stream';
import { startOwnMongo } from '@sluice/local/test-servers';
import { createSyncRetryProducer } from '@sluice/queue/sync-retries';
import { createLogger } from '@sluice/runtime/logger';
import { createMetrics } from '@sluice/runtime/metrics';
import { connectStore, type StoreConnection } from '@sluice/store/connection';
import { createLeases } from '@sluice/store/leases';
import { createSyncFailures } from '@sluice/store/sync-failures';
import { createSyncStates } from '@sluice/store/sync-state';
import { BSON, type Db, type Document, type Double, type Int32, type Long, type ObjectId } from 'mongodb';
import { afterAll, expect, inject, onTestFailed, onTestFinished, vi } from 'vitest';
import { type ReplicatorOptions, startReplicator } from '../src/app.ts';
import { AS_STORED } from '../src/as-stored.ts';
import type { ActiveReplicator, FullSyncReason } from '../src/ports.ts';
import { type PositionDocument, toPositions } from '../src/position.ts';
import { createReplicatorMetrics } from '../src/replicator-metrics.ts';
import { startStateReporter } from '../src/state-reporter.ts';

/** A replicator that runs in the test's process, and what it says and asks for. */
export type TestReplicator = {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly asked: readonly FullSyncReason[];
  /** What full syncs are given while it is active; undefined before the first time. */
  readonly active: () => ActiveReplicator | undefined;
  waitForLine(message: string): Promise<Readonly<Record<string, unknown>>>;
  stop(): Promise<void>;
};

/** An id of a document, as tests have them. */
export type Id = number | string | ObjectId | Int32 | Double | Long | ReadonlyMap<string, number>;
export type Item = { readonly _id: Id; readonly [field: string]: unknown };

/** A primary and a backup, each a database of its own. */
export type Pair = {
  readonly primary: StoreConnection;
  readonly backup: StoreConnection;
  start(
    config?: Partial<ReplicatorOptions['config']>,
    given?: { readonly isAdoptionAsked?: () => boolean; readonly instance?: string },
  ): TestReplicator;
  /** Starts one and waits until it copies: what was written before is left to full syncs, which do nothing here. */
  startActive(...args: Parameters<Pair['start']>): Promise<TestReplicator>;
  /** Resolves when both sides hold the same, to the type of each number. */
  untilEqual(...collections: string[]): Promise<void>;
  position(): Promise<PositionDocument | null>;
};

/** For tests of what has to hold wherever changes are read. */
export const SYNC_OPLOG = ['on', 'off'] as const;

/** Lines of a replicator's log that are shown when its test has failed. */
const LINES_SHOWN = 30;

let count = 0;

/** Starts a MongoDB for the backups of a test file; call it at the top of the file, with which it ends. */
export async function startBackups(prefix: string) {
  const server = await startOwnMongo();
  afterAll(() => server.stop());
  return { server, open: (): Pair => openPair({ primary: inject('mongoUrl'), backup: server.url }, prefix) };
}

/** Opens a pair on two servers, or on one; both databases are dropped when the test is over. */
export function openPair(urls: { readonly primary: string; readonly backup: string }, prefix: string): Pair {
  count += 1;
  const database = `${prefix}_${count}`;
  const primary = connect(urls.primary, database);
  const backup = connect(urls.backup, `${database}_backup`);
  let replicators = 0;

  function start(
    config: Partial<ReplicatorOptions['config']> = {},
    { isAdoptionAsked = () => false, instance }: { isAdoptionAsked?: () => boolean; instance?: string } = {},
  ): TestReplicator {
    replicators += 1;
    const name = instance ?? `replicator-${replicators}`;
    const lines: Record<string, unknown>[] = [];
    const destination = new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    const logger = createLogger({ app: 'replicator', instance: name, level: 'debug', destination });
    const asked: FullSyncReason[] = [];
    let active: ActiveReplicator | undefined;
    const redisUrl = inject('redisUrl');
    const states = createSyncStates(primary);
    const producer = createSyncRetryProducer({ redisUrl, prefix: database, logger });
    const reporter = startStateReporter({ states, backup, holder: name, logger, reportMs: 100 });
    const replicator = startReplicator({
      config: {
        ...{ REDIS_URL: redisUrl, QUEUE_PREFIX: database, SYNC_BATCH_SIZE: 100, SYNC_MAX_RETRIES: 5 },
        ...{ SYNC_EXCLUDED_COLLECTIONS: [], SYNC_WORKER_INTERVAL: 10, SYNC_OPLOG: 'on' },
        ...config,
      },
      instance: name,
      ...{ primary, backup, states, producer, reporter, logger },
      failures: createSyncFailures(primary),
      leases: createLeases(backup),
      metrics: createReplicatorMetrics(createMetrics({ app: 'replicator', instance: name })),
      fullSyncs: {
        ask: async (reason) => void asked.push(reason),
        isAdoptionAsked: async () => isAdoptionAsked(),
        start: (given) => {
          active = given;
          return { stop: async () => undefined };
        },
      },
      leaseMs: 2000,
      standbyMs: 50,
    });
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= replicator
        .close()
        .then(() => reporter.stop())
        .then(() => producer.close());
      return stopped;
    };
    onTestFinished(stop);
    onTestFailed(() => {
      for (const line of lines.slice(-LINES_SHOWN)) process.stdout.write(`${JSON.stringify(line)}\n`);
    });
    return {
      lines,
      asked,
      active: () => active,
      waitForLine: (message) =>
        vi.waitFor(
          () => {
            const line = lines.find(({ msg }) => msg === message);
            if (line === undefined) throw new Error(`No line ${message} yet.`);
            return line;
          },
          { timeout: 10_000, interval: 10 },
        ),
      stop,
    };
  }

  return {
    primary,
    backup,
    start,
    async startActive(...args) {
      const replicator = start(...args);
      await replicator.waitForLine('replicator.active');
      return replicator;
    },
    untilEqual: (...collections) =>
      vi.waitFor(
        async () => {
          for (const name of collections) {
            expect(await readAll(backup, name), name).toEqual(await readAll(primary, name));
          }
        },
        { timeout: 10_000, interval: 20 },
      ),
    position: () => toPositions(backup).findOne({ _id: 'position' }),
  };
}

/** Returns a collection of either side. */
export function toItems(db: Db, name = 'items') {
  return db.collection<Item>(name);
}

/** Reads what was counted. */
export async function readTotals({ position }: Pair) {
  return (await position())?.totals;
}

function connect(url: string, database: string): StoreConnection {
  const uri = url.replace('/?', `/${database}?`);
  const connection = connectStore({ uri, appName: 'replicator-test', operationTimeoutMs: 5000 });
  onTestFinished(async () => {
    await connection.db.dropDatabase();
    await connection.close();
  });
  return connection;
}

/** Reads a collection as canonical extended JSON, in the order of ids. */
async function readAll({ db }: StoreConnection, name: string): Promise<readonly string[]> {
  const found: Document[] = await db.collection(name).find({}, AS_STORED).sort({ _id: 1 }).toArray();
  return found.map((document) => BSON.EJSON.stringify(document, { relaxed: false }));
}
