import type { DeepReadonly } from '@sluice/runtime/config';
import { settings } from '@sluice/runtime/settings';
import { z } from 'zod';

/** The settings of a scheduler. */
export const schedulerConfigSchema = z.object({
  REDIS_URL: settings.REDIS_URL,
  MONGODB_URI: settings.MONGODB_URI,
  QUEUE_PREFIX: settings.QUEUE_PREFIX,
  AUTO_MIGRATE: settings.AUTO_MIGRATE,
  HOST: settings.HOST,
  SCHEDULER_PORT: settings.SCHEDULER_PORT,
  LOG_LEVEL: settings.LOG_LEVEL,
  SHUTDOWN_TIMEOUT_MS: settings.SHUTDOWN_TIMEOUT_MS,
  SOURCES_FILE: settings.SOURCES_FILE,
  SECRETS_KEY: settings.SECRETS_KEY,
  SECRETS_KEYS_OLD: settings.SECRETS_KEYS_OLD,
});
export type SchedulerConfig = DeepReadonly<z.output<typeof schedulerConfigSchema>>;
