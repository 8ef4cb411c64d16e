import { startKeyCheck } from '@sluice/protocol/running-key-check';
import { createRedis } from '@sluice/queue/connection';
import { createKeyMirror } from '@sluice/queue/key-mirror';
import type { HealthCheck } from '@sluice/runtime/health';
import type { AppContext } from '@sluice/runtime/run-app';
import { createApiKeys } from '@sluice/store/api-keys';
import { createAuditLog } from '@sluice/store/audit-log';
import type { StoreConnection } from '@sluice/store/connection';
import { createLeases } from '@sluice/store/leases';
import type { AccessOptions } from './app.ts';
import { startBootstrap } from './bootstrap.ts';
import type { ApiConfig } from './config.ts';
import { startMirroring } from './mirroring.ts';

/** No request asks for a key, its entry in the audit log and what it wants for longer than 3 s together. */
const CHECK_MS = 800;
const AUDIT_MS = 700;
const CHANGE_MS = 1500;
const REDIS_MS = 250;

/** What the api knows who may do what by, and when it does. */
type AccessParts = AccessOptions & {
  readonly checks: Readonly<Record<string, HealthCheck>>;
};

/** Opens what the api needs to know who may do what, and to note who did; closed with the lifecycle. */
export function openAccess(
  { config, logger, lifecycle, instance }: AppContext<ApiConfig>,
  store: StoreConnection,
): AccessParts {
  const { REDIS_URL: url, QUEUE_PREFIX: prefix } = config;
  const now = Date.now;
  const redis = createRedis({ url, role: 'producer', commandTimeoutMs: REDIS_MS, logger });
  lifecycle.add('key mirror', () => redis.close());
  const mirror = createKeyMirror({ redis, prefix, now });
  const keys = createApiKeys(store, { timeoutMs: CHANGE_MS });
  const auditLog = createAuditLog(store, { timeoutMs: AUDIT_MS });
  const simulatesFailures = config.FAILURE_SIMULATION === 'on';
  const parts = { keys, mirror, auditLog, now, simulatesFailures };
  if (config.AUTH === 'off') return { checkKey: null, checks: {}, ...parts };
  const checked = startKeyCheck({
    store: createApiKeys(store, { timeoutMs: CHECK_MS }),
    ...{ mirror, now, logger },
  });
  lifecycle.add('key check', checked.stop);
  const mirroring = startMirroring({ listKeys: keys.listForMirror, mirror, logger });
  lifecycle.add('mirroring keys', mirroring.stop);
  const bootstrap = startBootstrap({
    ...{ keys, leases: createLeases(store), holder: instance, given: config.BOOTSTRAP_ADMIN_KEY, logger },
    keyFile: config.BOOTSTRAP_KEY_FILE,
    print: (text) => process.stdout.write(text),
  });
  lifecycle.add('bootstrap key', bootstrap.stop);
  return { checkKey: checked.check, checks: { adminKey: bootstrap.check }, ...parts };
}
