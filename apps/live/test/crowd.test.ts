import { findFreePort } from '@sluice/local/ports';
import { startTestApp, type TestApp } from '@sluice/local/test-app';
import type { Watch } from '@sluice/store/changes';
import { describe, expect, inject, it, vi } from 'vitest';
import { createRecordSource, type WatchEntries } from '../src/stream-source.ts';
import { runCrowd } from './crowd/crowd.ts';
import { insertNumbers, startLive, startUnopenedLive, useDatabase } from './fixtures.ts';
import { isRecord, openStream, toNumber } from './sse-reader.ts';

const { store, mongoUrl } = useDatabase();

/** Counts the change streams that are opened to resume, in all and at once. */
function createCountingSource(): { watch: WatchEntries; total: () => number; most: () => number } {
  const source = createRecordSource(store);
  let total = 0;
  let open = 0;
  let most = 0;
  function watch(options: Parameters<WatchEntries>[0]): Watch {
    if (options.resumeAfter === undefined) return source(options);
    total += 1;
    open += 1;
    most = Math.max(most, open);
    const opened = source(options);
    return {
      ...opened,
      async close() {
        await opened.close();
        open -= 1;
      },
    };
  }
  return { watch, total: () => total, most: () => most };
}

describe('a crowd', () => {
  it('of idle clients, and of clients that never read, slows nobody down and takes little memory', async () => {
    const [port, metricsPort] = [await findFreePort(), await findFreePort()];
    const liveUrl = `http://127.0.0.1:${port}`;
    async function start(): Promise<TestApp> {
      const app = startTestApp('live', {
        HOST: '127.0.0.1',
        AUTH: 'off',
        LOG_LEVEL: 'warn',
        MONGODB_URI: mongoUrl,
        REDIS_URL: inject('redisUrl'),
        LIVE_PORT: String(port),
        LIVE_METRICS_PORT: String(metricsPort),
      });
      await vi.waitFor(async () => expect((await fetch(`${liveUrl}/readyz`)).status).toBe(200), {
        timeout: 30_000,
      });
      return app;
    }
    const live = await start();
    const figures = await runCrowd({
      store,
      liveUrl,
      metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
      async restart() {
        live.signal('SIGTERM');
        expect(await live.ended).toBe('code 0');
        await start();
      },
      idleCount: 200,
      stuckCount: 20,
      readerCount: 5,
      recordCount: 400,
      recordsPerSecond: 100,
      recordBytes: 32 * 1024,
    });
    process.stdout.write(`A crowd of 225: ${JSON.stringify(figures)}\n`);
    expect(figures.latency.p99).toBeLessThan(1000);
    expect(figures.grownMiB).toBeLessThan(100);
    expect(figures.catchUps).toBeGreaterThan(0);
    expect(figures.catchUps).toBeLessThanOrEqual(5);
    expect(figures.wrong).toBe(0);
    expect(await live.readOutput()).toBe('');
  });

  it('that comes back at once is caught up by one change stream at a time, and few in all', async () => {
    const before = await startLive(mongoUrl);
    const stream = await openStream(`${before.url}/stream`);
    await insertNumbers(store, 1, 50);
    const ids: string[] = [];
    while (ids.length < 50) ids.push((await stream.next(isRecord)).id ?? '');
    await before.close();

    const { watch, total, most } = createCountingSource();
    const after = await startLive(mongoUrl, { watch });
    const late = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const from = index % 40;
        const resumed = await openStream(`${after.url}/stream`, { lastEventId: ids[from] ?? '' });
        const seen: number[] = [];
        while (seen.at(-1) !== 50) seen.push(toNumber(await resumed.next(isRecord)));
        return seen.length === 49 - from && seen[0] === from + 2;
      }),
    );
    process.stdout.write(`300 came back at once: ${total()} change streams, ${most()} at a time\n`);
    expect(late.every((whole) => whole)).toBe(true);
    expect(most()).toBe(1);
    expect(total()).toBeLessThanOrEqual(5);
  });

  it('whose positions are all too old is told reset after a few change streams', async () => {
    const { watch, total } = createCountingSource();
    const live = await startUnopenedLive(mongoUrl, { watch });
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const lastEventId = `825F${index.toString(16).toUpperCase().padStart(4, '0')}000000012B042C0100296E5A1004`;
        const stream = await openStream(`${live.url}/stream`, { lastEventId });
        await stream.next(({ event }) => event === 'reset');
      }),
    );
    expect(total()).toBeLessThanOrEqual(12);
  });
});
