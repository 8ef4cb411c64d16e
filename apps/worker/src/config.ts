import type { DeepReadonly } from '@sluice/runtime/config';
import { settings } from '@sluice/runtime/settings';
import { z } from 'zod';

/** The settings of a worker. */
export const workerConfigSchema = z.object({
  REDIS_URL: settings.REDIS_URL,
  MONGODB_URI: settings.MONGODB_URI,
  QUEUE_PREFIX: settings.QUEUE_PREFIX,
  AUTO_MIGRATE: settings.AUTO_MIGRATE,
  HOST: settings.HOST,
  WORKER_PORT: settings.WORKER_PORT,
  LOG_LEVEL: settings.LOG_LEVEL,
  SHUTDOWN_TIMEOUT_MS: settings.SHUTDOWN_TIMEOUT_MS,
  SUPPORTED_SCHEMA_VERSIONS: settings.SUPPORTED_SCHEMA_VERSIONS,
  RETRY_ATTEMPTS: settings.RETRY_ATTEMPTS,
  RETRY_BACKOFF_MS: settings.RETRY_BACKOFF_MS,
  PARK_MIN_MS: settings.PARK_MIN_MS,
  PARK_MAX_MS: settings.PARK_MAX_MS,
  WORKER_CONCURRENCY: settings.WORKER_CONCURRENCY,
  BULK_EVENTS: settings.BULK_EVENTS,
  WORKER_LOCK_MS: settings.WORKER_LOCK_MS,
  WORKER_STALLED_MS: settings.WORKER_STALLED_MS,
});
export type WorkerConfig = DeepReadonly<z.output<typeof workerConfigSchema>>;
