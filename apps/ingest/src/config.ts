import type { DeepReadonly } from '@sluice/runtime/config';
import { settings, withAuthRule } from '@sluice/runtime/settings';
import { z } from 'zod';

/** The settings of ingest. */
export const ingestConfigSchema = withAuthRule(
  z.object({
    REDIS_URL: settings.REDIS_URL,
    MONGODB_URI: settings.MONGODB_URI,
    QUEUE_PREFIX: settings.QUEUE_PREFIX,
    HOST: settings.HOST,
    INGEST_PORT: settings.INGEST_PORT,
    INGEST_METRICS_PORT: settings.INGEST_METRICS_PORT,
    LOG_LEVEL: settings.LOG_LEVEL,
    SHUTDOWN_TIMEOUT_MS: settings.SHUTDOWN_TIMEOUT_MS,
    AUTH: settings.AUTH,
    TRUSTED_PROXIES: settings.TRUSTED_PROXIES,
    FAILURE_SIMULATION: settings.FAILURE_SIMULATION,
    UNKNOWN_SOURCES: settings.UNKNOWN_SOURCES,
    SOURCES_FILE: settings.SOURCES_FILE,
    SECRETS_KEY: settings.SECRETS_KEY,
    SECRETS_KEYS_OLD: settings.SECRETS_KEYS_OLD,
    MAX_BODY_BYTES: settings.MAX_BODY_BYTES,
  }),
);
export type IngestConfig = DeepReadonly<z.output<typeof ingestConfigSchema>>;
