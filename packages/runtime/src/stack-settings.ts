import { resolve } from 'node:path';
import { z } from 'zod';
import { type DeepReadonly, type Environment, loadConfig, readWholeEnvironment } from './config.ts';
import { isLoopback } from './loopback.ts';
import { settings, withAuthRule } from './settings.ts';

const schema = withAuthRule(z.object(settings));

/**
 * Reads what a whole Sluice on this machine is started with (`npm start`, the demo): every setting is checked before
 * anything runs. `root` is the folder that a relative DATA_DIR starts from; `forced` settings win over the environment.
 * On one's own machine it should work at once, so AUTH is off and FAILURE_SIMULATION on unless they are set; where
 * others can reach it, both are as strict as elsewhere. The addresses of Redis and MongoDB are undefined unless given.
 *
 * @throws ConfigError with every problem at once
 */
export function loadStackSettings(
  root: string,
  forced: Environment = {},
  environment: Environment = readWholeEnvironment(),
) {
  const given: Environment = { ...environment, ...forced };
  const isOpen = isLoopback(given['HOST'] || '127.0.0.1');
  const env: Environment = {
    ...given,
    AUTH: given['AUTH'] || (isOpen ? 'off' : 'on'),
    FAILURE_SIMULATION: given['FAILURE_SIMULATION'] || (isOpen ? 'on' : 'off'),
  };
  const config = loadConfig(schema, { env });
  return {
    root,
    dataDir: resolve(root, config.DATA_DIR),
    redisUrl: env['REDIS_URL'] ? config.REDIS_URL : undefined,
    mongodbUri: env['MONGODB_URI'] || env['MONGODB_LOCAL_URI'] ? config.MONGODB_URI : undefined,
    backup: toBackup(env, config.BACKUP_MONGODB_URI),
    appendfsync: config.APPENDFSYNC,
    host: config.HOST,
    ports: toPorts(config),
    workers: config.WORKERS,
    schedulers: config.SCHEDULERS,
    env,
  };
}

/** A backup is wanted where one is named, or where somebody says so: then one is started too. */
function toBackup(env: Environment, uri: string | undefined): { readonly uri?: string } | undefined {
  const word = (env['SYNC_ENABLED'] ?? '').toLowerCase();
  if (word === 'off' || word === 'false') return undefined;
  if (uri !== undefined) return { uri };
  return word === '' ? undefined : {};
}

/** Picks the ports alone: whatever stands beside them would be taken for a port, too. */
function toPorts(config: DeepReadonly<z.output<typeof schema>>) {
  const { INGEST_PORT, API_PORT, LIVE_PORT, WORKER_PORT, SCHEDULER_PORT, REPLICATOR_PORT } = config;
  const { INGEST_METRICS_PORT, API_METRICS_PORT, LIVE_METRICS_PORT } = config;
  return {
    ...{ INGEST_PORT, API_PORT, LIVE_PORT, WORKER_PORT, SCHEDULER_PORT, REPLICATOR_PORT },
    ...{ INGEST_METRICS_PORT, API_METRICS_PORT, LIVE_METRICS_PORT },
  };
}
