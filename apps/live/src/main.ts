import { openKeyCheck } from '@sluice/access/open-key-check';
import { startProcessBeats } from '@sluice/queue/process-beats';
import { createAdminServer } from '@sluice/runtime/admin-server';
import { createHealth } from '@sluice/runtime/health';
import { listen } from '@sluice/runtime/listen';
import { createMetrics } from '@sluice/runtime/metrics';
import { readProcessIdentity } from '@sluice/runtime/process-identity';
import { runApp } from '@sluice/runtime/run-app';
import { connectStore } from '@sluice/store/connection';
import { createLiveApp } from './app.ts';
import { liveConfigSchema } from './config.ts';
import { createLiveMetrics } from './live-metrics.ts';
import { createStreamHub } from './stream-hub.ts';
import { createRecordSource, createStatusSource } from './stream-source.ts';

/** How long MongoDB may take for a key: an answer comes within 3 s, whichever store is silent. */
const KEY_MS = 1000;

await runApp({
  app: 'live',
  schema: liveConfigSchema,
  start: async ({ config, logger, lifecycle, instance }) => {
    const host = config.HOST;
    const metrics = createMetrics({ app: 'live', instance });
    const store = connectStore({ uri: config.MONGODB_URI, appName: instance });
    lifecycle.add('mongodb', () => store.close());
    const beats = startProcessBeats({
      ...{ redisUrl: config.REDIS_URL, prefix: config.QUEUE_PREFIX, logger, now: Date.now },
      identity: { app: 'live', instance, ...readProcessIdentity() },
      isClosing: lifecycle.isClosing,
    });
    lifecycle.add('process beats', beats.stop);
    const liveMetrics = createLiveMetrics(metrics);
    const common = { logger, now: Date.now };
    const records = createStreamHub({
      watch: createRecordSource(store),
      metrics: liveMetrics('records'),
      ...common,
    });
    lifecycle.add('record streams', records.close);
    const statuses = createStreamHub({
      watch: createStatusSource(store),
      metrics: liveMetrics('statuses'),
      ...common,
    });
    lifecycle.add('status streams', statuses.close);
    const health = createHealth({ checks: { mongodb: () => store.ping() }, isClosing: lifecycle.isClosing });
    const setting = 'LIVE_METRICS_PORT';
    const admin = await createAdminServer({ host, port: config[setting], setting, health, metrics, logger });
    lifecycle.add('admin server', () => admin.server.close());
    const checkKey = openKeyCheck({ config, logger, lifecycle }, { store, timeoutMs: KEY_MS });
    const server = createLiveApp({ logger, health, records, statuses, checkKey });
    lifecycle.add('server', () => server.close());
    await listen(server, { host, port: config.LIVE_PORT, setting: 'LIVE_PORT' });
  },
});
