import type { DeepReadonly } from '@sluice/runtime/config';
import { settings, withAlertRule } from '@sluice/runtime/settings';
import { z } from 'zod';

/** The settings of a scheduler. */
export const schedulerConfigSchema = withAlertRule(
  z.object({
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
    ALERT_WEBHOOK_URL: settings.ALERT_WEBHOOK_URL,
    ALERT_WEBHOOK_SECRET: settings.ALERT_WEBHOOK_SECRET,
    ALERT_INTERVAL_MS: settings.ALERT_INTERVAL_MS,
    ALERT_LAG_MS: settings.ALERT_LAG_MS,
    ALERT_REPEAT_MS: settings.ALERT_REPEAT_MS,
    PUBLIC_URL: settings.PUBLIC_URL,
  }),
);
export type SchedulerConfig = DeepReadonly<z.output<typeof schedulerConfigSchema>>;
