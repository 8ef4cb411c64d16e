import { settings, withAuthRule } from '@sluice/runtime/settings';
import { z } from 'zod';

/** The settings of live. */
export const liveConfigSchema = withAuthRule(
  z.object({
    REDIS_URL: settings.REDIS_URL,
    MONGODB_URI: settings.MONGODB_URI,
    QUEUE_PREFIX: settings.QUEUE_PREFIX,
    HOST: settings.HOST,
    LIVE_PORT: settings.LIVE_PORT,
    LIVE_METRICS_PORT: settings.LIVE_METRICS_PORT,
    LOG_LEVEL: settings.LOG_LEVEL,
    SHUTDOWN_TIMEOUT_MS: settings.SHUTDOWN_TIMEOUT_MS,
    AUTH: settings.AUTH,
  }),
);
