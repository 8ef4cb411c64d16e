import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeAddresses } from './addresses.ts';
import { toAdminKeyFile } from './admin-key.ts';
import { type FolderLock, takeFolderLock } from './folder-lock.ts';
import { createGuard, type Guard } from './guard.ts';
import type { KeptApp } from './kept-app.ts';
import { type KeptServer, keepServer } from './kept-server.ts';
import { startMongo } from './mongo.ts';
import { findFreePort } from './ports.ts';
import { type Apps, startApps } from './processes.ts';
import { startRedis } from './redis.ts';
import type { Environment, Say } from './say.ts';
import { keepSecretsKey } from './secrets-key.ts';
import type { LocalServer } from './server-process.ts';
import { createPlan } from './stack-plan.ts';
import { type StackPorts, settlePorts } from './stack-ports.ts';
import { waitForAddress } from './wait-for-address.ts';

/*
 * The life of a stack:
 *   1. The data folder is locked, and every port is checked, before anything is started.
 *   2. Redis, MongoDB and, where one is wanted, its backup are started on the data below the folder, unless their
 *      addresses are given.
 *   3. `prepare` runs, for instance to build indexes.
 *   4. The apps are started and waited for.
 *   5. Whatever ends by itself is started again.
 *   6. `stop` goes back: the apps, the servers, the lock. A failure or an abort on the way does the same.
 *   7. If this program is killed, its guard does it.
 */

/** Where the stores of a stack are. */
export type StackStores = { readonly redisUrl: string; readonly mongodbUri: string };

/** How to start a stack. */
export type StackOptions = {
  /** Holds `apps/`. */
  readonly root: string;
  /** Keeps `redis`, `mongo`, `logs`, the keys (`secrets.key`, `admin.key`), the lock and the addresses of the stores; made when it is not there. */
  readonly dataDir: string;
  /** Address of a Redis to use; default one is started. */
  readonly redisUrl?: string | undefined;
  /** Address of a MongoDB to use; default one is started. */
  readonly mongodbUri?: string | undefined;
  /** Copies everything to a second MongoDB: the one at `uri`, else one that is started too. Default: no backup. */
  readonly backup?: { readonly uri?: string | undefined } | undefined;
  /** Whether a MongoDB that is started keeps the past, which replicators read; default whether there is a `backup`. */
  readonly keepsPast?: boolean | undefined;
  /** Default `always`. */
  readonly appendfsync?: 'always' | 'everysec' | undefined;
  /** Where the apps listen; default 127.0.0.1. */
  readonly host?: string | undefined;
  readonly ports: StackPorts;
  readonly workers: number;
  readonly schedulers: number;
  /** For programs that are looked for and started; the apps get it with their addresses added. */
  readonly env: Environment;
  readonly say: Say;
  /** Runs when the stores are up, before the apps. */
  readonly prepare?: ((stores: StackStores) => Promise<void>) | undefined;
  /** Gives up starting, and stops what was started. */
  readonly signal?: AbortSignal | undefined;
};

/** A running stack. */
export type Stack = StackStores & {
  readonly ingestUrl: string;
  readonly apiUrl: string;
  readonly liveUrl: string;
  /** The servers that were started here; undefined where an address was given. */
  readonly redis: KeptServer | undefined;
  readonly mongo: KeptServer | undefined;
  /** The backup that was started here, and where it is. */
  readonly backup: KeptServer | undefined;
  readonly backupUri: string | undefined;
  readonly app: (name: 'ingest' | 'api' | 'live' | 'replicator') => KeptApp;
  readonly workers: () => readonly KeptApp[];
  readonly schedulers: () => readonly KeptApp[];
  /** Starts one more worker, with further environment variables, and waits until it is ready. */
  readonly addWorker: (env?: Environment) => Promise<KeptApp>;
  /** Ends everything in order, once; what it says tells the way. */
  readonly stop: () => Promise<void>;
  /** Ends everything at once, by SIGKILL. */
  readonly kill: () => Promise<void>;
};

const DATABASE = 'sluice';

/**
 * Starts Redis, MongoDB and the apps on this machine.
 *
 * @throws StartError in one or two plain sentences, with nothing left running
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = resolve(options.dataDir);
  const undo: (() => Promise<void>)[] = [];
  const unwind = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    return await start({ ...options, dataDir }, undo, unwind);
  } catch (error) {
    await unwind();
    throw error;
  }
}

async function start(
  options: StackOptions,
  undo: (() => Promise<void>)[],
  unwind: () => Promise<void>,
): Promise<Stack> {
  const { dataDir, root, say, signal, host = '127.0.0.1' } = options;
  await mkdir(dataDir, { recursive: true });
  const guard = createGuard();
  undo.push(guard.close);
  const lock = await lockFolder(dataDir, guard.pid(), say);
  undo.push(lock.release);
  const ports = await settlePorts(options.ports, host);
  signal?.throwIfAborted();

  const { redis, mongo, backup, stores, backupUri } = await startServers(options, guard, undo);
  const addresses = await writeAddresses(dataDir, stores);
  undo.push(addresses.remove);
  await options.prepare?.(stores);
  signal?.throwIfAborted();

  const plan = createPlan({ ...options, env: await withKeys(options.env, dataDir), host }, ports, {
    ...stores,
    backupUri,
  });
  const apps = await startApps({
    root,
    logDir: join(dataDir, 'logs'),
    guard,
    say,
    signal,
    apps: await plan.toSpecs(),
  });
  undo.push(() => apps.stop());

  let stopping: Promise<void> | undefined;
  return {
    ...stores,
    ...plan.urls,
    redis,
    mongo,
    backup,
    backupUri,
    app: (name) => findApp(apps, name),
    workers: () => apps.list().filter((app) => app.name === 'worker'),
    schedulers: () => apps.list().filter((app) => app.name === 'scheduler'),
    addWorker: async (env = {}) => apps.add(await plan.toNextWorker(env)),
    stop: () => {
      stopping ??= unwind();
      return stopping;
    },
    kill: async () => {
      const force = { force: true };
      await Promise.all([apps.stop(force), redis?.stop(force), mongo?.stop(force), backup?.stop(force)]);
      stopping ??= unwind();
      await stopping;
    },
  };
}

/** Starts the servers whose addresses are not given, and waits for those whose addresses are. */
async function startServers(options: StackOptions, guard: Guard, undo: (() => Promise<void>)[]) {
  const { dataDir, redisUrl, mongodbUri, backup: wanted, env, say, signal } = options;
  const { keepsPast = wanted !== undefined } = options;
  const common = { env, say, guard, signal };
  if (redisUrl !== undefined) await waitForAddress(redisUrl, 'REDIS_URL', signal);
  if (mongodbUri !== undefined) await waitForAddress(mongodbUri, 'MONGODB_URI', signal);
  const redis = await unlessGiven(redisUrl, 'Redis', say, (port) =>
    startRedis({
      ...common,
      dir: join(dataDir, 'redis'),
      port,
      appendfsync: options.appendfsync ?? 'always',
    }),
  );
  if (redis !== undefined) undo.push(() => redis.stop());
  signal?.throwIfAborted();
  const mongo = await unlessGiven(mongodbUri, 'MongoDB', say, (port) =>
    startMongo({ ...common, dir: join(dataDir, 'mongo'), port, cacheGb: 1, keepsPast }),
  );
  if (mongo !== undefined) undo.push(() => mongo.stop());
  signal?.throwIfAborted();
  const backup =
    wanted &&
    (await unlessGiven(wanted.uri, 'The backup', say, (port) =>
      startMongo({ ...common, dir: join(dataDir, 'backup'), port, cacheGb: 0.5, givesWay: true }),
    ));
  if (backup !== undefined) undo.push(() => backup.stop());
  signal?.throwIfAborted();
  return {
    ...{ redis, mongo, backup },
    stores: {
      redisUrl: redisUrl ?? redis?.url ?? '',
      mongodbUri: mongodbUri ?? toDatabaseUri(mongo) ?? '',
    },
    // A backup that is away at the start is no reason to wait: the replicator warns and goes on.
    backupUri: wanted?.uri ?? toDatabaseUri(backup),
  };
}

function toDatabaseUri(server: KeptServer | undefined): string | undefined {
  return server?.url.replace('/?', `/${DATABASE}?`);
}

/** Adds a key for the secrets of sources, and where the first admin key goes: both kept beside the data unless given. */
async function withKeys(env: Environment, dataDir: string): Promise<Environment> {
  return {
    ...env,
    SECRETS_KEY: env['SECRETS_KEY'] || (await keepSecretsKey(join(dataDir, 'secrets.key'))),
    // Its log is a file, where a key has no place.
    BOOTSTRAP_KEY_FILE: toAdminKeyFile(env, dataDir),
  };
}

function lockFolder(dataDir: string, guardPid: number, say: Say): Promise<FolderLock> {
  return takeFolderLock({
    file: join(dataDir, 'lock'),
    guardPid,
    inUse: (pid) =>
      `Sluice runs already on ${dataDir} (process ${pid}): stop that one first, or set DATA_DIR to another folder.`,
    onWait: () => say('The last run was killed; waiting for its processes to end.'),
  });
}

/** A server keeps its port when it is started again, because the apps know it by its address. */
async function unlessGiven(
  given: string | undefined,
  title: string,
  say: Say,
  open: (port: number) => Promise<LocalServer>,
): Promise<KeptServer | undefined> {
  if (given !== undefined) return undefined;
  const port = await findFreePort();
  return keepServer(title, () => open(port), say);
}

function findApp(apps: Apps, name: string): KeptApp {
  const found = apps.list().find((app) => app.name === name);
  if (found === undefined) throw new TypeError(`The stack has no app ${name}.`);
  return found;
}
