import { z } from 'zod';
import { createHttpServer } from '../src/http-server.ts';
import { listen } from '../src/listen.ts';
import { runApp } from '../src/run-app.ts';
import { settings } from '../src/settings.ts';

/** An app as small as can be, for `run-app.test.ts`; `MODE` chooses how it misbehaves. */
const schema = z.object({
  HOST: settings.HOST,
  INGEST_PORT: settings.INGEST_PORT,
  LOG_LEVEL: settings.LOG_LEVEL,
  SHUTDOWN_TIMEOUT_MS: settings.SHUTDOWN_TIMEOUT_MS,
  MODE: z.enum(['well', 'hangs', 'throws', 'fails']).default('well'),
});

await runApp({
  app: 'ingest',
  schema,
  async start({ config, logger, lifecycle }) {
    lifecycle.add('store', () => logger.info('store closed'));
    if (config.MODE === 'fails') throw new Error('could not start');
    const server = createHttpServer({ logger, maxBodyBytes: 1024 });
    await listen(server, { host: config.HOST, port: config.INGEST_PORT, setting: 'INGEST_PORT' });
    lifecycle.add('server', () => server.close());
    if (config.MODE === 'hangs') lifecycle.add('stuck', () => new Promise(() => undefined));
    if (config.MODE === 'throws') setImmediate(() => Promise.reject(new Error('nobody caught this')));
  },
});
