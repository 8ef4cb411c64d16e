/*
 * The life of a cluster:
 *   1. Redis and a MongoDB set of three are started behind proxies, all on free ports and below one folder.
 *   2. The apps are started against the proxies: two ingests, two workers, two schedulers, api and live.
 *   3. Faults harm them; `heal` undoes what they left.
 *   4. `stop` ends the apps, then the servers, whatever state they are in.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { AppSpec } from '@sluice/local/app-run';
import { createGuard } from '@sluice/local/guard';
import { findFreePort } from '@sluice/local/ports';
import { startApps } from '@sluice/local/processes';
import type { Environment, Say } from '@sluice/local/say';
import { createPlan } from '@sluice/local/stack-plan';
import { ANY_PORTS, settlePorts } from '@sluice/local/stack-ports';
import { type AwayTimes, createAwayTimes } from './away-times.ts';
import { type FaultApp, toFaultApp, toNodeOptions } from './cluster-apps.ts';
import { type MongoSet, startMongoSet } from './mongo-set.ts';
import { type RedisNode, startRedisNode } from './redis-node.ts';
import { SIGNED_SOURCE } from './signing.ts';

/** What must never be found in a log. */
export type Secrets = {
  readonly hmac: string;
  readonly redisPassword: string;
  readonly mongoPassword: string;
};

/** How soon jobs of dead workers come back, and how long events wait. */
export type Pace = { readonly lockMs: number; readonly stalledMs: number; readonly parkMaxMs: number };

/** A whole Sluice that harm is done to. */
export type Cluster = {
  readonly redis: RedisNode;
  readonly mongo: MongoSet;
  readonly apps: readonly FaultApp[];
  readonly ingests: readonly FaultApp[];
  readonly workers: readonly FaultApp[];
  readonly apiUrl: string;
  readonly prefix: string;
  readonly pace: Pace;
  readonly away: AwayTimes;
  readonly logDir: string;
  /** Puts the clock of an app wrong from its next start on. */
  readonly setClock: (label: string, offsetMs: number) => Promise<void>;
  /** Undoes all harm to servers and network. Apps are left alone: they must come back by themselves. */
  readonly heal: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Where and how a cluster is started. */
export type ClusterOptions = {
  readonly dir: string;
  readonly env: Environment;
  readonly secrets: Secrets;
  readonly pace: Pace;
  readonly say: Say;
};

const ROOT = resolve(import.meta.dirname, '../..');
const PREFIX = 'faults';
const SHARED = ['PATH', 'HOME', 'TMPDIR'] as const;

/** Starts a cluster and waits until every app is ready; what was started is stopped when that fails. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const undo = new AsyncDisposableStack();
  try {
    return await start(options, undo);
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}

async function start(options: ClusterOptions, undo: AsyncDisposableStack): Promise<Cluster> {
  const { dir, env, secrets, pace, say } = options;
  const logDir = join(dir, 'logs');
  await mkdir(logDir, { recursive: true });
  const guard = createGuard();
  undo.defer(guard.close);
  const common = { guard, env, say };
  const redis = await startRedisNode({ ...common, dir: join(dir, 'redis'), password: secrets.redisPassword });
  undo.defer(redis.stop);
  const mongo = await startMongoSet({ ...common, dir: join(dir, 'mongo'), password: secrets.mongoPassword });
  undo.defer(mongo.stop);

  const sourcesFile = join(dir, 'sources.yaml');
  await writeFile(sourcesFile, toSourcesFile());
  const settings = {
    ...Object.fromEntries(SHARED.map((name) => [name, env[name]])),
    ...toSettings(pace),
    SOURCES_FILE: sourcesFile,
    FAULTS_HMAC_SECRET: secrets.hmac,
  };
  const toClockFile = (label: string) => join(dir, `clock-${label}`);
  const specs = await toSpecs(settings, { redisUrl: redis.url, mongodbUri: mongo.url });
  const apps = await startApps({
    root: ROOT,
    logDir,
    guard,
    say: () => undefined,
    apps: specs.map((spec) => ({
      ...spec,
      env: { ...spec.env, NODE_OPTIONS: toNodeOptions(spec.name, toClockFile(spec.label)) },
    })),
  });
  undo.defer(() => apps.stop({ force: true }));

  const away = createAwayTimes();
  const faultApps = apps.list().map((app) => toFaultApp(app, away));
  return {
    redis,
    mongo,
    apps: faultApps,
    ingests: faultApps.filter(({ name }) => name === 'ingest'),
    workers: faultApps.filter(({ name }) => name === 'worker'),
    apiUrl: apps.list().find(({ name }) => name === 'api')?.url ?? '',
    prefix: PREFIX,
    pace,
    away,
    logDir,
    setClock: (label, offsetMs) => writeFile(toClockFile(label), `${offsetMs}`),
    heal: async () => {
      await Promise.all([redis.heal(), mongo.heal()]);
    },
    stop: () => undo.disposeAsync(),
  };
}

function toSettings({ lockMs, stalledMs, parkMaxMs }: Pace): Record<string, string> {
  return {
    QUEUE_PREFIX: PREFIX,
    AUTH: 'off',
    FAILURE_SIMULATION: 'on',
    RETRY_BACKOFF_MS: '100',
    WORKER_LOCK_MS: `${lockMs}`,
    WORKER_STALLED_MS: `${stalledMs}`,
    PARK_MIN_MS: '1000',
    PARK_MAX_MS: `${parkMaxMs}`,
  };
}

async function toSpecs(
  env: Environment,
  stores: { readonly redisUrl: string; readonly mongodbUri: string },
): Promise<AppSpec[]> {
  const host = '127.0.0.1';
  const ports = await settlePorts(ANY_PORTS, host);
  const specs = await createPlan(
    { host, ports: ANY_PORTS, workers: 2, schedulers: 2, env },
    ports,
    stores,
  ).toSpecs();
  const [ingest] = specs;
  if (ingest === undefined) throw new TypeError('The plan has no ingest.');
  const port = await findFreePort();
  const metricsPort = await findFreePort();
  const second = {
    ...ingest,
    label: 'ingest-2',
    env: { ...ingest.env, INGEST_PORT: `${port}`, INGEST_METRICS_PORT: `${metricsPort}` },
    probeUrl: `http://${host}:${port}`,
  };
  return [...specs, second];
}

function toSourcesFile(): string {
  return `sources:\n  - { id: ${SIGNED_SOURCE}, kind: push, scheme: github, secrets: [{ env: FAULTS_HMAC_SECRET }] }\n`;
}
