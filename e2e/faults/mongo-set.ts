import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findBinary } from '@sluice/local/binaries';
import { freeze, thaw } from '@sluice/local/freeze';
import type { Guard } from '@sluice/local/guard';
import { startMongoMember } from '@sluice/local/mongo';
import { findFreePort } from '@sluice/local/ports';
import { REPLICA_SET, settleReplicaSet } from '@sluice/local/replica-set';
import type { Environment, Say } from '@sluice/local/say';
import type { ServerProcess } from '@sluice/local/server-process';
import { type Db, MongoClient } from 'mongodb';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

/** One member of the replica set; the others and the apps reach it through its proxy only. */
export type MongoMember = {
  readonly proxy: FaultProxy;
  readonly kill: () => Promise<void>;
  /** Starts it again on the same data, unless it runs. */
  readonly start: () => Promise<void>;
  readonly freeze: () => Promise<void>;
  readonly thaw: () => void;
  /** Runs commands on this member itself, past its proxy. */
  readonly ask: <T>(work: (admin: Db) => Promise<T>) => Promise<T>;
};

/** A replica set of three. */
export type MongoSet = {
  /** Leads through the proxies, names the database, and carries the password. */
  readonly url: string;
  readonly members: readonly MongoMember[];
  /** The disk of the first member; undefined where this user may not mount one. */
  readonly disk: SmallDisk | undefined;
  /** Returns the member that takes writes; waits for up to a minute until there is one. */
  readonly findPrimary: () => Promise<MongoMember>;
  /** Undoes all harm and waits for a primary. */
  readonly heal: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

type RunningMember = MongoMember & { readonly process: () => ServerProcess; readonly port: number };

const MEMBERS = 3;
const CACHE_GB = 0.25;
const ASK_MS = 2000;
const PRIMARY_WITHIN_MS = 60_000;
const LOOK_MS = 100;
const DATABASE = 'sluice';
const USER = 'sluice';

/** Starts the members, makes them a set at the addresses of their proxies, and creates the user. */
export async function startMongoSet(options: {
  readonly dir: string;
  readonly password: string;
  readonly guard: Guard;
  readonly env: Environment;
  readonly say: Say;
}): Promise<MongoSet> {
  const { guard, env, say, password } = options;
  const { path } = await findBinary('mongod', { env, say, urlSetting: 'MONGODB_URI' });
  const disk = await mountSmallDisk(join(options.dir, 'm0'));
  const members: RunningMember[] = [];
  for (let index = 0; index < MEMBERS; index += 1) {
    members.push(await startMember(path, join(options.dir, `m${index}`), guard));
  }
  await settleReplicaSet(members.map(({ process, proxy }) => ({ process: process(), port: proxy.port })));

  async function findPrimary(): Promise<MongoMember> {
    const untilMs = performance.now() + PRIMARY_WITHIN_MS;
    for (;;) {
      const found = await Promise.all(members.map(isPrimary));
      const primary = members.find((_, index) => found[index]);
      if (primary !== undefined) return primary;
      if (performance.now() > untilMs) throw new Error('The replica set has no primary after a minute.');
      await pause(LOOK_MS);
    }
  }

  const primary = await findPrimary();
  await primary.ask((admin) => admin.command({ createUser: USER, pwd: password, roles: ['root'] }));
  const hosts = members.map(({ proxy }) => `127.0.0.1:${proxy.port}`).join(',');
  return {
    url: `mongodb://${USER}:${password}@${hosts}/${DATABASE}?replicaSet=${REPLICA_SET}&authSource=admin`,
    members,
    disk,
    findPrimary,
    heal: async () => {
      await disk?.empty();
      for (const { thaw: letRun, proxy } of members) {
        letRun();
        proxy.interfere({ kind: 'none' });
      }
      await Promise.all(members.map((member) => member.start()));
      await findPrimary();
    },
    stop: async () => {
      for (const member of members) member.thaw();
      await Promise.all(members.map((member) => member.process().stop({ force: true })));
      await Promise.all(members.map((member) => member.proxy.close()));
      await disk?.unmount();
    },
  };
}

async function startMember(program: string, dir: string, guard: Guard): Promise<RunningMember> {
  const port = await findFreePort();
  const proxy = await startFaultProxy(port);
  const open = () => startMongoMember(program, { dir, port, guard, cacheGb: CACHE_GB, keepsPast: false });
  let server = await open();

  return {
    port,
    proxy,
    process: () => server,
    kill: async () => {
      await server.stop({ force: true });
    },
    start: async () => {
      if (server.hasEnded()) server = await open();
    },
    freeze: async () => {
      if (!server.hasEnded()) await freeze([server.pid]);
    },
    thaw: () => {
      if (!server.hasEnded()) thaw([server.pid]);
    },
    ask: async (work) => {
      const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
        serverSelectionTimeoutMS: ASK_MS,
        connectTimeoutMS: ASK_MS,
        socketTimeoutMS: ASK_MS * 5,
      });
      try {
        return await work(client.db('admin'));
      } finally {
        await client.close();
      }
    },
  };
}

async function isPrimary({ ask }: MongoMember): Promise<boolean> {
  try {
    const { isWritablePrimary } = await ask((admin) => admin.command({ hello: 1, maxTimeMS: ASK_MS }));
    return isWritablePrimary === true;
  } catch {
    // Away, frozen or starting: not now.
    return false;
  }
}
