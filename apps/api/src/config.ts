import { settings } from '@sluice/runtime/settings';
import { z } from 'zod';

/** The settings of the api. */
export const apiConfigSchema = z.object({
  REDIS_URL: settings.REDIS_URL,
  MONGODB_URI: settings.MONGODB_URI,
  QUEUE_PREFIX: settings.QUEUE_PREFIX,
  HOST: settings.HOST,
  API_PORT: settings.API_PORT,
  API_METRICS_PORT: settings.API_METRICS_PORT,
  INGEST_URL: settings.INGEST_URL,
  LIVE_URL: settings.LIVE_URL,
  SECRETS_KEY: settings.SECRETS_KEY,
  SECRETS_KEYS_OLD: settings.SECRETS_KEYS_OLD,
  LOG_LEVEL: settings.LOG_LEVEL,
  SHUTDOWN_TIMEOUT_MS: settings.SHUTDOWN_TIMEOUT_MS,
});
