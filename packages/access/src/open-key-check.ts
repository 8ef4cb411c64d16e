import type { CheckKey } from '@sluice/contracts/access';
import { startKeyCheck } from '@sluice/protocol/running-key-check';
import { createRedis } from '@sluice/queue/connection';
import { createKeyMirror, type KeyMirror } from '@sluice/queue/key-mirror';
import type { AppContext } from '@sluice/runtime/run-app';
import { createApiKeys } from '@sluice/store/api-keys';
import type { StoreConnection } from '@sluice/store/connection';

/** How long Redis may take to say what it knows of a key, in ms. */
const REDIS_MS = 250;

/** What of an app is needed to check keys. */
type KeyContext = Pick<
  AppContext<{
    readonly AUTH: 'on' | 'off';
    readonly REDIS_URL: string;
    readonly QUEUE_PREFIX: string;
  }>,
  'config' | 'logger' | 'lifecycle'
>;

/** Opens the mirror of keys in Redis, closed with the lifecycle. */
export function openKeyMirror({ config, logger, lifecycle }: KeyContext): KeyMirror {
  const { REDIS_URL: url, QUEUE_PREFIX: prefix } = config;
  const redis = createRedis({ url, role: 'producer', commandTimeoutMs: REDIS_MS, logger });
  lifecycle.add('key mirror', () => redis.close());
  return createKeyMirror({ redis, prefix, now: Date.now });
}

/**
 * Opens the check of keys, closed with the lifecycle; null where nobody is asked for one (`AUTH=off`). MongoDB has
 * `timeoutMs` to say what it knows of a key. Without a `mirror` one is opened.
 */
export function openKeyCheck(
  context: KeyContext,
  {
    store,
    timeoutMs,
    mirror,
  }: { readonly store: StoreConnection; readonly timeoutMs: number; readonly mirror?: KeyMirror },
): CheckKey | null {
  const { config, logger, lifecycle } = context;
  if (config.AUTH === 'off') return null;
  const keys = startKeyCheck({
    store: createApiKeys(store, { timeoutMs }),
    mirror: mirror ?? openKeyMirror(context),
    ...{ now: Date.now, logger },
  });
  lifecycle.add('key check', keys.stop);
  return keys.check;
}
