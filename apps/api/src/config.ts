import type { DeepReadonly } from '@sluice/runtime/config';
import { settings, withAuthRule } from '@sluice/runtime/settings';
import { z } from 'zod';

/** The settings of the api. */
export const apiConfigSchema = withAuthRule(
  z.object({
    REDIS_URL: settings.REDIS_URL,
    MONGODB_URI: settings.MONGODB_URI,
    QUEUE_PREFIX: settings.QUEUE_PREFIX,
    HOST: settings.HOST,
    API_PORT: settings.API_PORT,
    API_METRICS_PORT: settings.API_METRICS_PORT,
    INGEST_URL: settings.INGEST_URL,
    LIVE_URL: settings.LIVE_URL,
    REPLAY_MAX_PER_SECOND: settings.REPLAY_MAX_PER_SECOND,
    SECRETS_KEY: settings.SECRETS_KEY,
    SECRETS_KEYS_OLD: settings.SECRETS_KEYS_OLD,
    FAILURE_SIMULATION: settings.FAILURE_SIMULATION,
    SUPPORTED_SCHEMA_VERSIONS: settings.SUPPORTED_SCHEMA_VERSIONS,
    LOG_LEVEL: settings.LOG_LEVEL,
    SHUTDOWN_TIMEOUT_MS: settings.SHUTDOWN_TIMEOUT_MS,
    AUTH: settings.AUTH,
    TRUSTED_PROXIES: settings.TRUSTED_PROXIES,
    BOOTSTRAP_ADMIN_KEY: settings.BOOTSTRAP_ADMIN_KEY,
    BOOTSTRAP_KEY_FILE: settings.BOOTSTRAP_KEY_FILE,
  }),
);
export type ApiConfig = DeepReadonly<z.output<typeof apiConfigSchema>>;
