import type { CheckKey } from '@sluice/contracts/access';
import { startKeyCheck } from '@sluice/protocol/running-key-check';
import { createRedis } from '@sluice/queue/connection';
import { createKeyMirror } from '@sluice/queue/key-mirror';
import type { AppContext } from '@sluice/runtime/run-app';
import { createApiKeys } from '@sluice/store/api-keys';
import type { StoreConnection } from '@sluice/store/connection';
import type { LiveConfig } from './config.ts';

/** An answer comes within 3 s, whichever store is silent. */
const MONGODB_MS = 1000;
const REDIS_MS = 250;

/** Opens the check of watchers' keys, closed with the lifecycle; null where nobody is asked (`AUTH=off`). */
export function openKeyCheck(
  { config, logger, lifecycle }: Pick<AppContext<LiveConfig>, 'config' | 'logger' | 'lifecycle'>,
  store: StoreConnection,
): CheckKey | null {
  if (config.AUTH === 'off') return null;
  const { REDIS_URL: url, QUEUE_PREFIX: prefix } = config;
  const redis = createRedis({ url, role: 'producer', commandTimeoutMs: REDIS_MS, logger });
  lifecycle.add('key mirror', () => redis.close());
  const keys = startKeyCheck({
    store: createApiKeys(store, { timeoutMs: MONGODB_MS }),
    mirror: createKeyMirror({ redis, prefix, now: Date.now }),
    ...{ now: Date.now, logger },
  });
  lifecycle.add('key check', keys.stop);
  return keys.check;
}
