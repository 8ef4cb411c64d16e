import { openKeyCheck } from '@sluice/access/open-key-check';
import { createGroupCommit } from '@sluice/protocol/group-commit';
import { startHeartbeat } from '@sluice/protocol/heartbeat';
import { createMinuteCounts } from '@sluice/queue/minute-counts';
import { startProcessBeats } from '@sluice/queue/process-beats';
import { createSourceMirror } from '@sluice/queue/source-mirror';
import { createAdminServer } from '@sluice/runtime/admin-server';
import { readEnvironment } from '@sluice/runtime/config';
import { createHealth } from '@sluice/runtime/health';
import { listen } from '@sluice/runtime/listen';
import { createMetrics } from '@sluice/runtime/metrics';
import { readProcessIdentity } from '@sluice/runtime/process-identity';
import { runApp } from '@sluice/runtime/run-app';
import { createSecretBox } from '@sluice/sources/secret-box';
import { loadSourcesFile } from '@sluice/sources/sources-file';
import { connectStore } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { createInstances } from '@sluice/store/instances';
import { createRejections } from '@sluice/store/rejections';
import { createSourceStore } from '@sluice/store/sources-store';
import { createAcceptor } from './acceptor.ts';
import { createIngestApp } from './app.ts';
import { ingestConfigSchema } from './config.ts';
import { createIngestMetrics } from './ingest-metrics.ts';
import { startLiveSources } from './live-sources.ts';
import { startRejectionLog } from './rejection-log.ts';
import { createRoomyQueue } from './roomy-queue.ts';

/** With what Redis may take for a key, this leaves the event its time: an answer comes within 3 s. */
const KEY_MS = 400;

await runApp({
  app: 'ingest',
  schema: ingestConfigSchema,
  start: async ({ config, logger, lifecycle, instance }) => {
    const { HOST: host, REDIS_URL: redisUrl, QUEUE_PREFIX: prefix } = config;
    const now = Date.now;
    const declared = await loadSourcesFile(config.SOURCES_FILE);
    const processMetrics = createMetrics({ app: 'ingest', instance });
    const metrics = createIngestMetrics(processMetrics);
    const store = connectStore({ uri: config.MONGODB_URI, appName: instance, operationTimeoutMs: 1000 });
    lifecycle.add('mongodb', () => store.close());
    const mirror = createSourceMirror({ redisUrl, prefix, logger });
    lifecycle.add('source mirror', mirror.close);
    const live = startLiveSources({
      declared,
      store: createSourceStore(store),
      mirror,
      box: createSecretBox({ key: config.SECRETS_KEY, oldKeys: config.SECRETS_KEYS_OLD }),
      environment: { readEnv: readEnvironment, now },
      logger,
    });
    const { sources } = live;
    lifecycle.add('sources', live.stop);
    metrics.showSourcesAge(live.readAgeMs);
    const queue = createRoomyQueue({ redisUrl, prefix, deadlineMs: 600, logger });
    lifecycle.add('redis', queue.close);
    const inbox = createInbox(store);
    const work = createMinuteCounts(now);
    const beats = startProcessBeats({
      ...{ redisUrl, prefix, logger, now },
      identity: { app: 'ingest', instance, ...readProcessIdentity() },
      read: () => ({ lastMinute: { events: work.read() } }),
      isClosing: lifecycle.isClosing,
    });
    lifecycle.add('process beats', beats.stop);
    const commit = createGroupCommit({
      ...{ instance, queue, inbox },
      onBatch(sent) {
        metrics.batchSent(sent);
        if (sent.by === 'queue') work.add({ jobsIn: 1, eventsIn: sent.events });
      },
    });
    const { beat } = createInstances(store);
    const onFailed = (err: unknown) => logger.warn({ err }, 'heartbeat.failed');
    const heartbeat = startHeartbeat({ instance, app: 'ingest', commit, beat, onFailed, now });
    lifecycle.add('heartbeat', heartbeat.stop);
    lifecycle.add('group commit', commit.close);
    const { insertMany: write } = createRejections(store);
    const rejections = startRejectionLog({ write, sources, logger, now });
    lifecycle.add('rejections', rejections.stop);
    const health = createHealth({
      checks: { 'redis or mongodb': () => Promise.any([queue.ping(), store.ping()]) },
      isClosing: lifecycle.isClosing,
    });
    const port = config.INGEST_METRICS_PORT;
    const setting = 'INGEST_METRICS_PORT';
    const admin = await createAdminServer({ host, port, setting, health, metrics: processMetrics, logger });
    lifecycle.add('admin server', () => admin.server.close());
    const acceptor = createAcceptor({ commit, sources, config, now });
    const server = createIngestApp({
      ...{ logger, acceptor, rejections, metrics, health, now },
      maxBodyBytes: config.MAX_BODY_BYTES,
      trustedProxies: config.TRUSTED_PROXIES,
      checkKey: openKeyCheck({ config, logger, lifecycle }, { store, timeoutMs: KEY_MS }),
    });
    lifecycle.add('server', () => server.close());
    await live.firstTry;
    await listen(server, { host, port: config.INGEST_PORT, setting: 'INGEST_PORT' });
  },
});
