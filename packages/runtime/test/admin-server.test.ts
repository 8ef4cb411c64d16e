import { afterEach, describe, expect, test } from 'vitest';
import { createAdminServer } from '../src/admin-server.ts';
import { createHealth, type HealthCheck } from '../src/health.ts';
import { createLogger } from '../src/logger.ts';
import { createMetrics } from '../src/metrics.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

async function start(options: {
  checks?: Record<string, HealthCheck>;
  isAlive?: () => boolean;
  isClosing?: () => boolean;
}) {
  const metrics = createMetrics({ app: 'worker', instance: 'worker-1' });
  const { server, port } = await createAdminServer({
    host: '127.0.0.1',
    port: 0,
    setting: 'WORKER_PORT',
    health: createHealth({ checks: {}, timeoutMs: 50, ...options }),
    metrics,
    logger: createLogger({ app: 'worker', instance: 'worker-1', level: 'silent' }),
  });
  open.push(server);
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  return { get, metrics };
}

describe('/livez', () => {
  test('is 200 while the process does its work, else 503', async () => {
    let alive = true;
    const { get } = await start({ isAlive: () => alive });
    for (const path of ['/livez', '/livez?x=1', '/livez?x[$ne]=1']) {
      expect(await get(path)).toEqual({ status: 200, text: '{"status":"alive"}' });
    }
    alive = false;
    expect(await get('/livez')).toEqual({ status: 503, text: '{"status":"stuck"}' });
  });
});

describe('/readyz', () => {
  test('lists every check, with the reason of each that fails', async () => {
    const { get } = await start({
      checks: {
        redis: async () => {},
        mongodb: () => Promise.reject(new Error('no primary at mongodb://me:hunter2@db')),
        disk: () => {
          throw new Error('full');
        },
        slow: () => new Promise(() => undefined),
      },
    });
    const { status, text } = await get('/readyz');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      status: 'not ready',
      checks: {
        redis: { ok: true },
        mongodb: { ok: false, reason: 'no primary at mongodb://me:***@db' },
        disk: { ok: false, reason: 'full' },
        slow: { ok: false, reason: 'no answer within 50 ms' },
      },
    });
  });

  test('is 200 when all is well, and 503 once the process is closing', async () => {
    let closing = false;
    const { get } = await start({ checks: { redis: async () => {} }, isClosing: () => closing });
    expect((await get('/readyz')).status).toBe(200);
    closing = true;
    const { status, text } = await get('/readyz');
    expect([status, JSON.parse(text).status]).toEqual([503, 'closing']);
  });

  test('does not start a hanging check again', async () => {
    let started = 0;
    const { get } = await start({
      checks: {
        slow: () => {
          started += 1;
          return new Promise(() => undefined);
        },
      },
    });
    await get('/readyz');
    await get('/readyz');
    expect(started).toBe(1);
  });
});

describe('/metrics', () => {
  test('shows our metrics with the prefix and the app, and those of Node', async () => {
    const { get, metrics } = await start({});
    metrics
      .createCounter({ name: 'events_accepted_total', help: 'x', labels: ['source'] })
      .inc({ source: 'shop' }, 3);
    metrics.createGauge({ name: 'events_waiting', help: 'x', collect: (gauge) => gauge.set(7) });
    metrics.createHistogram({ name: 'accept_seconds', help: 'x', buckets: [1] }).observe(0.5);
    const { status, text } = await get('/metrics');
    expect(status).toBe(200);
    expect(text).toContain('sluice_events_accepted_total{source="shop",app="worker"} 3');
    expect(text).toContain('sluice_events_waiting{app="worker"} 7');
    expect(text).toContain('sluice_accept_seconds_bucket{le="1",app="worker"} 1');
    expect(text).toContain('sluice_process_info{process="worker-1",app="worker"} 1');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });
});
