import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { statsSchema } from '@sluice/contracts/api';
import { startStack } from '@sluice/local/stack';
import { ANY_PORTS } from '@sluice/local/stack-ports';
import { type Db, MongoClient } from 'mongodb';
import { CountsOffError, type StartContext } from './case.ts';
import type { CpuPids } from './cpu.ts';
import { makeFolder } from './folder.ts';
import { readStoredTimes, type StoredTimes } from './stored-times.ts';
import { untilStored } from './until-stored.ts';

/** How soon Redis puts writes on disk. */
export type Appendfsync = 'always' | 'everysec';

/** A Sluice to be measured, without a worker at first. */
export type Sluice = {
  readonly url: string;
  readonly apiUrl: string;
  readonly redisUrl: string;
  readonly mongodbUri: string;
  readonly db: Db;
  /** Names the running processes. */
  readonly pids: () => CpuPids;
  /** Starts workers and waits until they are ready. */
  readonly addWorkers: (count: number) => Promise<void>;
  /** Ends the workers, after what they hold. */
  readonly stopWorkers: () => Promise<void>;
  /** Reads how many records there are; costs nothing. */
  readonly countStored: () => Promise<number>;
  /** Waits until there are that many records. @throws CountsOffError after a minute without progress */
  readonly untilStored: (count: number) => Promise<void>;
  /**
   * Checks that exactly so many events are stored, raw and normalized, and that the ledger says the same.
   *
   * @throws CountsOffError
   */
  readonly checkCounts: (accepted: number) => Promise<void>;
  readonly readStoredTimes: () => Promise<StoredTimes>;
};

const ROOT = resolve(import.meta.dirname, '../..');

/** How long the counts may take to agree: the processes tell the ledger where they stand once a second. */
const SETTLE_MS = 30_000;
const LOOK_MS = 250;

/**
 * Starts Redis, MongoDB and the apps on free ports, on new data that is removed afterwards. Where a replicator is to come,
 * MongoDB has to keep the past, `keepsPast`.
 */
export async function startSluice(
  context: StartContext,
  appendfsync: Appendfsync,
  { keepsPast = false } = {},
): Promise<Sluice> {
  const { resources, env, say, signal } = context;
  const dataDir = await makeFolder(context);
  const starting = startStack({
    root: ROOT,
    dataDir,
    ...{ appendfsync, keepsPast },
    ports: ANY_PORTS,
    workers: 0,
    schedulers: 1,
    env: { ...env, AUTH: 'off' },
    say,
    signal,
  });
  // Nothing of it is kept, so that there is no reason to end it in order.
  resources.defer(async () => (await starting.catch(() => undefined))?.kill());
  const stack = await starting;
  const client = await MongoClient.connect(stack.mongodbUri);
  resources.defer(() => client.close());
  const db = client.db();
  const stopped = new Set<string>();

  function workers() {
    return stack.workers().filter(({ label }) => !stopped.has(label));
  }

  function toPids(apps: readonly { readonly pid: () => number | undefined }[]): number[] {
    return apps.map((app) => app.pid() ?? 0);
  }

  async function explainCounts(accepted: number): Promise<string | undefined> {
    const counts = await Promise.all(
      ['normalized_events', 'raw_events'].map((name) => db.collection(name).countDocuments()),
    );
    const response = await fetch(new URL('/api/events/stats', stack.apiUrl));
    if (!response.ok) throw new CountsOffError(`The ledger cannot be read: ${await response.text()}`);
    const { ledger } = statsSchema.parse(await response.json());
    const isRight = counts.every((count) => count === accepted) && ledger.accepted === accepted;
    if (isRight && ledger.balanced && ledger.inFlight === 0 && ledger.unaccounted === 0) return undefined;
    return `${accepted} events were accepted; MongoDB has ${counts.join(' normalized and ')} raw ones, the ledger says ${JSON.stringify(ledger)}.`;
  }

  return {
    url: stack.ingestUrl,
    apiUrl: stack.apiUrl,
    redisUrl: stack.redisUrl,
    mongodbUri: stack.mongodbUri,
    db,
    pids: () => ({
      http: toPids([stack.app('ingest')]),
      worker: toPids(workers()),
      redis: stack.redis?.pids() ?? [],
      mongod: stack.mongo?.pids() ?? [],
      live: toPids([stack.app('live')]),
      rest: toPids([stack.app('api'), ...stack.schedulers()]),
    }),
    addWorkers: async (count) => {
      await Promise.all(Array.from({ length: count }, () => stack.addWorker()));
    },
    stopWorkers: async () => {
      for (const worker of workers()) {
        stopped.add(worker.label);
        await worker.stop();
      }
    },
    countStored: () => db.collection('normalized_events').estimatedDocumentCount(),
    untilStored: (count) => untilStored(db.collection('normalized_events'), count),
    checkCounts: async (accepted) => {
      const until = performance.now() + SETTLE_MS;
      for (;;) {
        const problem = await explainCounts(accepted);
        if (problem === undefined) return;
        if (performance.now() > until) throw new CountsOffError(problem);
        await pause(LOOK_MS);
      }
    },
    readStoredTimes: () => readStoredTimes(workers().map(({ url }) => url)),
  };
}
