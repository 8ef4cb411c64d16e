import { openKeyCheck, openKeyMirror } from '@sluice/access/open-key-check';
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

/** What the api knows who may do what by, and when it does. */
type AccessParts = AccessOptions & {
  readonly checks: Readonly<Record<string, HealthCheck>>;
};

/** Opens what the api needs to know who may do what, and to note who did; closed with the lifecycle. */
export function openAccess(context: AppContext<ApiConfig>, store: StoreConnection): AccessParts {
  const { config, logger, lifecycle, instance } = context;
  const mirror = openKeyMirror(context);
  const keys = createApiKeys(store, { timeoutMs: CHANGE_MS });
  const auditLog = createAuditLog(store, { timeoutMs: AUDIT_MS });
  const simulatesFailures = config.FAILURE_SIMULATION === 'on';
  const parts = { keys, mirror, auditLog, now: Date.now, simulatesFailures };
  const checkKey = openKeyCheck(context, { store, mirror, timeoutMs: CHECK_MS });
  if (checkKey === null) return { checkKey, checks: {}, ...parts };
  const mirroring = startMirroring({ listKeys: keys.listForMirror, mirror, logger });
  lifecycle.add('mirroring keys', mirroring.stop);
  const bootstrap = startBootstrap({
    ...{ keys, leases: createLeases(store), holder: instance, given: config.BOOTSTRAP_ADMIN_KEY, logger },
    keyFile: config.BOOTSTRAP_KEY_FILE,
    print: (text) => process.stdout.write(text),
  });
  lifecycle.add('bootstrap key', bootstrap.stop);
  return { checkKey, checks: { adminKey: bootstrap.check }, ...parts };
}
