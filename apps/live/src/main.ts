import { createAdminServer } from '@sluice/runtime/admin-server';
import { createHealth } from '@sluice/runtime/health';
import { listen } from '@sluice/runtime/listen';
import { createMetrics } from '@sluice/runtime/metrics';
import { runApp } from '@sluice/runtime/run-app';
import { watchNormalized } from '@sluice/store/changes';
import { connectStore } from '@sluice/store/connection';
import { createLiveApp } from './app.ts';
import { liveConfigSchema } from './config.ts';
import { createLiveMetrics } from './live-metrics.ts';
import { createStreamHub } from './stream-hub.ts';

await runApp({
  app: 'live',
  schema: liveConfigSchema,
  start: async ({ config, logger, lifecycle, instance }) => {
    const host = config.HOST;
    const metrics = createMetrics({ app: 'live', instance });
    const store = connectStore({ uri: config.MONGODB_URI, appName: instance });
    lifecycle.add('mongodb', () => store.close());
    const hub = createStreamHub({
      watch: (options) => watchNormalized(store, options),
      logger,
      metrics: createLiveMetrics(metrics),
      now: Date.now,
    });
    lifecycle.add('streams', hub.close);
    const health = createHealth({ checks: { mongodb: () => store.ping() }, isClosing: lifecycle.isClosing });
    const setting = 'LIVE_METRICS_PORT';
    const admin = await createAdminServer({ host, port: config[setting], setting, health, metrics, logger });
    lifecycle.add('admin server', () => admin.server.close());
    const server = createLiveApp({ logger, health, hub });
    lifecycle.add('server', () => server.close());
    await listen(server, { host, port: config.LIVE_PORT, setting: 'LIVE_PORT' });
  },
});
