import { PlainError } from '@sluice/contracts/plain-error';
import { createSyncRetryProducer } from '@sluice/queue/sync-retries';
import { createAdminServer } from '@sluice/runtime/admin-server';
import { createHealth } from '@sluice/runtime/health';
import { createMetrics } from '@sluice/runtime/metrics';
import { runApp } from '@sluice/runtime/run-app';
import { connectStore } from '@sluice/store/connection';
import { createDocumentLooks } from '@sluice/store/document-looks';
import { createFullSyncStore } from '@sluice/store/full-syncs';
import { createLeases } from '@sluice/store/leases';
import { createSyncFailures } from '@sluice/store/sync-failures';
import { createSyncStates } from '@sluice/store/sync-state';
import { startAnsweringLooks } from './answer-looks.ts';
import { startReplicator } from './app.ts';
import { LONGEST_READ_MS } from './changes/command-cursor.ts';
import { replicatorConfigSchema } from './config.ts';
import { createFullSyncs } from './full-sync/full-syncs.ts';
import { createReplicatorMetrics } from './replicator-metrics.ts';
import { refuseSameDatabase, waitForPrimary } from './startup-checks.ts';
import { startStateReporter } from './state-reporter.ts';

await runApp({
  app: 'replicator',
  schema: replicatorConfigSchema,
  start: async ({ config, logger, lifecycle, instance }) => {
    const { HOST: host, REDIS_URL: redisUrl, QUEUE_PREFIX: prefix, BACKUP_MONGODB_URI: backupUri } = config;
    const isOn = config.SYNC_ENABLED === 'on';
    if (isOn && backupUri === undefined) {
      throw new PlainError('BACKUP_MONGODB_URI is not set: name the backup, or set SYNC_ENABLED=off.');
    }
    const metrics = createMetrics({ app: 'replicator', instance });
    const primary = connectStore({
      ...{ uri: config.MONGODB_URI, appName: instance, socketTimeoutMs: LONGEST_READ_MS },
    });
    lifecycle.add('mongodb', () => primary.close());
    await waitForPrimary(primary);
    const health = createHealth({
      // The backup is none of it: a replicator whose backup is away does all that it can do.
      checks: { mongodb: () => primary.ping() },
      isClosing: lifecycle.isClosing,
    });
    const at = { host, port: config.REPLICATOR_PORT, setting: 'REPLICATOR_PORT' };
    const { server } = await createAdminServer({ ...at, health, metrics, logger });
    lifecycle.add('admin server', () => server.close());
    const states = createSyncStates(primary);
    if (!isOn || backupUri === undefined) {
      const off = { state: 'off', since: new Date(), reason: 'SYNC_ENABLED is off.' } as const;
      await states.write({ ...off, holder: instance, backupSeenAt: null }, false);
      logger.warn({}, 'replicator.off');
      return;
    }
    const backup = connectStore({ uri: backupUri, appName: instance });
    lifecycle.add('backup', () => backup.close());
    await refuseSameDatabase(primary, backup, logger);
    const producer = createSyncRetryProducer({ redisUrl, prefix, logger });
    lifecycle.add('retry producer', () => producer.close());
    const reporter = startStateReporter({ states, backup, holder: instance, logger });
    lifecycle.add('state reporter', () => reporter.stop());
    const measured = createReplicatorMetrics(metrics);
    measured.watchState(reporter.measure);
    const fullSyncs = createFullSyncs({ store: createFullSyncStore(primary), logger, now: Date.now });
    const looking = startAnsweringLooks({ looks: createDocumentLooks(primary), primary, backup, logger });
    lifecycle.add('answers about documents', () => looking.stop());
    const leases = createLeases(backup);
    const failures = createSyncFailures(primary);
    const stores = { primary, backup, states, failures, leases };
    const replicator = startReplicator({
      ...{ config, instance, ...stores, producer, fullSyncs, reporter, metrics: measured, logger },
    });
    lifecycle.add('replicator', () => replicator.close());
  },
});
