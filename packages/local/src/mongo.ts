import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinary } from './binaries.ts';
import { createGuard, type Guard } from './guard.ts';
import { findFreePort } from './ports.ts';
import { REPLICA_SET, settleReplicaSet } from './replica-set.ts';
import type { Environment, Say } from './say.ts';
import { type LocalServer, type ServerProcess, startServerProcess } from './server-process.ts';

/** How to start a MongoDB replica set. */
export type MongoOptions = {
  /** Keeps the data and the log of each member, in `m0`, `m1` ...; made when it is not there. */
  readonly dir: string;
  /** Number of members; one (the default) is enough for transactions and change streams. */
  readonly members?: number | undefined;
  /** Where the first member listens, on 127.0.0.1, further ones on the ports after it; default free ports. */
  readonly port?: number | undefined;
  /** What each member may keep of its data in memory, in GB; default 0.25, which suits tests. */
  readonly cacheGb?: number | undefined;
  /** How much of its latest writes each member keeps for others to follow, in MB; default what MongoDB takes. */
  readonly oplogMb?: number | undefined;
  /** Whether it leaves the processor to whoever else wants it; default no. */
  readonly givesWay?: boolean | undefined;
  /**
   * Whether each state of a document is kept for five minutes, as MongoDB does by default. Only a replicator reads the
   * past; to keep each of 5,000 readings a second took MongoDB a quarter of its time (a minute each).
   */
  readonly keepsPast?: boolean | undefined;
  readonly env: Environment;
  readonly say: Say;
  /** Ends the members if this program dies; default a guard of its own. */
  readonly guard?: Guard | undefined;
  /** Gives up a download. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Starts a replica set of mongod processes and waits until it has a primary. Data found in `dir` is used again, on
 * whatever ports. Throws `StartError` when there is no program, a port is taken, or the data cannot be opened.
 */
export async function startMongo(options: MongoOptions): Promise<LocalServer> {
  const { env, say, signal } = options;
  const binary = await findBinary('mongod', { env, say, signal, urlSetting: 'MONGODB_URI' });
  const guard = options.guard ?? createGuard();
  const members: { readonly process: ServerProcess; readonly port: number }[] = [];
  const stop: LocalServer['stop'] = async (how) => {
    await Promise.all(members.map((member) => member.process.stop(how)));
    if (guard !== options.guard) await guard.close();
  };
  try {
    for (let index = 0; index < (options.members ?? 1); index += 1) {
      const port = options.port === undefined ? await findFreePort() : options.port + index;
      const dir = join(options.dir, `m${index}`);
      members.push({
        process: await startMongoMember(binary.path, {
          ...{ dir, port, guard, cacheGb: options.cacheGb ?? 0.25 },
          ...{ oplogMb: options.oplogMb, givesWay: options.givesWay, keepsPast: options.keepsPast },
        }),
        port,
      });
    }
    await settleReplicaSet(members);
  } catch (error) {
    await stop();
    throw error;
  }
  const hosts = members.map((member) => `127.0.0.1:${member.port}`);
  return {
    url: `mongodb://${hosts.join(',')}/?replicaSet=${REPLICA_SET}`,
    about: `${binary.path} ${binary.version}, data in ${options.dir}`,
    pids: members.map((member) => member.process.pid),
    ended: Promise.race(members.map((member) => member.process.ended)),
    stop,
  };
}

/** How to start one member of a replica set. */
export type MongoMemberOptions = {
  readonly dir: string;
  readonly port: number;
  readonly guard: Guard;
  readonly cacheGb: number;
  readonly oplogMb?: number | undefined;
  readonly givesWay?: boolean | undefined;
  readonly keepsPast?: boolean | undefined;
};

/**
 * Of the cache, 5 % may be changed before it is written by default, and from 20 % on writers have to help. The keys of new
 * events are hashes: of a small cache the same pages would be written again and again. docker-compose.yml has the same.
 */
export const EVICTION = 'eviction_dirty_target=20,eviction_dirty_trigger=40';

/** Starts a mongod on `dir` without waiting until it answers; `settleReplicaSet` makes members a set. */
export async function startMongoMember(
  program: string,
  { dir, port, guard, cacheGb, oplogMb, givesWay, keepsPast = true }: MongoMemberOptions,
): Promise<ServerProcess> {
  await mkdir(dir, { recursive: true });
  const args = ['--replSet', REPLICA_SET, '--dbpath', dir, '--port', `${port}`, '--bind_ip', '127.0.0.1'];
  args.push('--wiredTigerCacheSizeGB', `${cacheGb}`, '--nounixsocket');
  if (oplogMb !== undefined) {
    // What a crash would still need is kept beyond that size otherwise, and so is the past.
    args.push('--oplogSize', `${oplogMb}`, '--syncdelay', '1');
  }
  if (!keepsPast || oplogMb !== undefined) args.push('--setParameter', 'minSnapshotHistoryWindowInSeconds=0');
  args.push('--wiredTigerEngineConfigString', EVICTION);
  // A primary that is told to end waits 15 s for a successor by default; its clients reconnect anyway.
  args.push('--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=100');
  // A worker that was killed in a transaction keeps its documents locked for so long; 60 s by default.
  args.push('--setParameter', 'transactionLifetimeLimitSeconds=15');
  return startServerProcess({
    title: `The MongoDB server on port ${port}`,
    program,
    args,
    logFile: join(dir, 'mongod.log'),
    guard,
    givesWay,
    end: { signal: 'SIGINT', stage: 2 },
  });
}
