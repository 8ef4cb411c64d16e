import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type FullSync, fullSyncSchema, fullSyncsSchema } from '@sluice/contracts/full-sync';
import { createGuard } from '@sluice/local/guard';
import { findFreePort } from '@sluice/local/ports';
import { type Apps, startApps } from '@sluice/local/processes';
import { type Db, MongoClient } from 'mongodb';
import { CountsOffError, type StartContext } from './case.ts';
import { makeFolder } from './folder.ts';
import type { Sluice } from './sluice.ts';
import { type MongoPlace, startBareMongo } from './stores.ts';

/** The backup of a Sluice, and the replicator that copies to it, which does not run at first. */
export type Backup = {
  readonly db: Db;
  /** Names the processes that there are for the backup alone: its MongoDB, and the replicator while it runs. */
  readonly pids: () => readonly number[];
  /** Names the process of the replicator that runs. @throws TypeError when none does */
  readonly replicatorPid: () => number;
  readonly isCopying: () => boolean;
  /** Starts a replicator and waits until it is ready. */
  readonly start: () => Promise<void>;
  /** Ends it; what it has not copied yet is left to the next one. */
  readonly stop: () => Promise<void>;
  /** Asks for a full sync, at any speed. */
  readonly askForFullSync: () => Promise<void>;
  /** Waits for the full sync that was asked for, or that fills a new backup. @throws CountsOffError after a minute without progress */
  readonly untilFullSync: () => Promise<FullSync>;
  /** Checks that no other full sync has run: it would have copied what the changes should bring. @throws CountsOffError */
  readonly checkFollowed: () => Promise<void>;
};

const ROOT = resolve(import.meta.dirname, '../..');
const PATIENCE_MS = 60_000;
const LOOK_MS = 100;

/** Documents compared a second: the most that can be asked for. */
const ANY_RATE = 1_000_000;

/** Starts a MongoDB as the backup of a Sluice; it gives way to all others, and so does the replicator. */
export async function startBackup(
  context: StartContext,
  sluice: Sluice,
  place: Pick<MongoPlace, 'dir'> = {},
): Promise<Backup> {
  const { resources, env, say, signal } = context;
  const mongo = await startBareMongo(context, { ...place, givesWay: true });
  const client = await MongoClient.connect(mongo.uri);
  resources.defer(() => client.close());
  const logDir = await makeFolder(context);
  const guard = createGuard();
  resources.defer(guard.close);
  const port = await findFreePort();
  const spec = {
    ...{ name: 'replicator', label: 'replicator', probeUrl: `http://127.0.0.1:${port}` },
    givesWay: true,
    env: {
      ...env,
      ...{ HOST: '127.0.0.1', REPLICATOR_PORT: `${port}`, REDIS_URL: sluice.redisUrl },
      ...{ MONGODB_URI: sluice.mongodbUri, MONGODB_LOCAL_URI: undefined },
      ...{ BACKUP_MONGODB_URI: mongo.uri, MONGODB_ATLAS_URI: undefined, SYNC_ENABLED: 'on' },
    },
  };
  let apps: Apps | undefined;
  resources.defer(async () => apps?.stop({ force: true }));

  const fullSyncsUrl = new URL('/api/sync/full', sluice.apiUrl);

  async function readFullSyncs() {
    const response = await fetch(fullSyncsUrl);
    return fullSyncsSchema.parse(await response.json());
  }

  return {
    db: client.db(),
    pids: () => [...mongo.pids, ...(apps?.list() ?? []).map((app) => app.pid() ?? 0)],
    replicatorPid: () => {
      const pid = apps?.list()[0]?.pid();
      if (pid === undefined) throw new TypeError('No replicator runs.');
      return pid;
    },
    isCopying: () => apps !== undefined,
    start: async () => {
      apps = await startApps({ root: ROOT, logDir, guard, say, signal, apps: [spec] });
    },
    stop: async () => {
      await apps?.stop();
      apps = undefined;
    },
    askForFullSync: async () => {
      const response = await fetch(fullSyncsUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ reason: 'It is measured.', ratePerSecond: ANY_RATE }),
      });
      fullSyncSchema.parse(await response.json());
    },
    untilFullSync: async () => {
      let most = -1;
      let until = 0;
      for (;;) {
        const { current, last } = await readFullSyncs();
        if (current === null && last?.state === 'done') return last;
        const compared = current?.compared ?? 0;
        if (compared > most) {
          most = compared;
          until = performance.now() + PATIENCE_MS;
        }
        if (performance.now() > until) {
          throw new CountsOffError(`For a minute the full sync compared no more than ${most} documents.`);
        }
        await pause(LOOK_MS);
      }
    },
    checkFollowed: async () => {
      const count = await sluice.db.collection('operations').countDocuments({ kind: 'fullSync' });
      if (count !== 1) throw new CountsOffError(`${count} full syncs have run instead of one.`);
    },
  };
}
