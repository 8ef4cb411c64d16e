import type { DeepReadonly } from '@sluice/runtime/config';
import { settings } from '@sluice/runtime/settings';
import { z } from 'zod';

/** The settings of a replicator. */
export const replicatorConfigSchema = z.object({
  REDIS_URL: settings.REDIS_URL,
  MONGODB_URI: settings.MONGODB_URI,
  QUEUE_PREFIX: settings.QUEUE_PREFIX,
  HOST: settings.HOST,
  REPLICATOR_PORT: settings.REPLICATOR_PORT,
  LOG_LEVEL: settings.LOG_LEVEL,
  SHUTDOWN_TIMEOUT_MS: settings.SHUTDOWN_TIMEOUT_MS,
  SYNC_ENABLED: settings.SYNC_ENABLED,
  BACKUP_MONGODB_URI: settings.BACKUP_MONGODB_URI,
  SYNC_BATCH_SIZE: settings.SYNC_BATCH_SIZE,
  SYNC_OPLOG: settings.SYNC_OPLOG,
  SYNC_MAX_RETRIES: settings.SYNC_MAX_RETRIES,
  SYNC_EXCLUDED_COLLECTIONS: settings.SYNC_EXCLUDED_COLLECTIONS,
  SYNC_WORKER_INTERVAL: settings.SYNC_WORKER_INTERVAL,
});
export type ReplicatorConfig = DeepReadonly<z.output<typeof replicatorConfigSchema>>;
