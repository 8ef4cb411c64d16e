import { createTestNames } from '@sluice/local/test-names';
import { createInbox } from '@sluice/store/inbox';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import type { SchedulerOptions } from '../src/app.ts';
import { type LegacyServer, startLegacyServer } from './legacy-server.ts';
import { expectQueued, openPlace, range, startScheduler, toSource } from './scheduler.ts';

const { prefix, mongoUrl } = createTestNames();
const at = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
const SOON = { timeout: 30_000, interval: 50 };
const MINUTE = 60_000;
let place: Awaited<ReturnType<typeof openPlace>>;

beforeAll(async () => {
  place = await openPlace(at);
});
afterAll(() => place.close());

/** Starts a legacy system with records 1 to `count`, and two schedulers that poll it every second. */
async function startBoth(id: string, count: number, wrap?: (options: SchedulerOptions) => SchedulerOptions) {
  const legacy = await startLegacyServer();
  const nowMs = Date.now();
  legacy.add(...range(1, count).map((n) => ({ id: n, updatedAt: nowMs - MINUTE * 60 + n * 1000 })));
  const sources = [toSource(id, legacy.url)];
  const names = [`${id}-1`, `${id}-2`];
  const schedulers = await Promise.all(names.map((name) => startScheduler(at, name, sources, wrap)));
  onTestFinished(async () => {
    await Promise.all(schedulers.map((scheduler) => scheduler.close()));
    await legacy.close();
  });
  return { legacy, newestMs: nowMs - MINUTE * 60 + count * 1000 };
}

function untilAsked(legacy: LegacyServer, more: number): Promise<void> {
  const before = legacy.asked.length;
  return vi.waitFor(() => expect(legacy.asked.length).toBeGreaterThanOrEqual(before + more), SOON);
}

describe('two schedulers with the same source', () => {
  it('queue every record once, late ones too, and never save a checkpoint ahead of the queue', async () => {
    const enqueued = new Set<number>();
    const ahead: number[] = [];
    const { legacy, newestMs } = await startBoth('orders', 130, ({ queue, checkpoints, ...options }) => ({
      ...options,
      queue: {
        ...queue,
        async addBatch(jobId, job) {
          await queue.addBatch(jobId, job);
          for (const { body } of job.events) enqueued.add(JSON.parse(body).id);
        },
      },
      checkpoints: {
        ...checkpoints,
        async save(checkpoint) {
          ahead.push(...[...legacy.served].filter((id) => !enqueued.has(id)));
          return checkpoints.save(checkpoint);
        },
      },
    }));
    const startMs = performance.now();
    await expectQueued(place, 'orders', range(1, 130));
    legacy.add({ id: 131, updatedAt: newestMs + 1000 }, { id: 132, updatedAt: newestMs - 30_000 });
    await expectQueued(place, 'orders', range(1, 132));
    await untilAsked(legacy, 4);
    const seconds = (performance.now() - startMs) / 1000;
    expect(await place.listQueued('orders')).toEqual(range(1, 132));
    expect(ahead).toEqual([]);
    expect(legacy.countMostOpen()).toBe(1);
    expect(legacy.asked.filter(({ page }) => page === 1).length).toBeLessThanOrEqual(seconds + 2);
    expect(legacy.asked.at(0)?.since).toBeNull();
    const last = Date.parse(legacy.asked.at(-1)?.since ?? '');
    expect(last).toBe(newestMs + 1000 - MINUTE);
  });

  it('take it up where it was after failures of the source', async () => {
    const legacy = (await startBoth('failing', 130)).legacy;
    legacy.answerNext(2, (response) => response.writeHead(500).end('oops'));
    legacy.answerNext(1, (response) => response.writeHead(200).end('<html>'));
    legacy.answerNext(1, (response) => response.destroy());
    await expectQueued(place, 'failing', range(1, 130));
    expect(legacy.countInstead()).toBe(0);
    expect(legacy.countMostOpen()).toBe(1);
  });

  it('wait for a slow answer, and ask nothing meanwhile', async () => {
    const { legacy } = await startBoth('slow', 60);
    const page = legacy.hold(2);
    await vi.waitFor(() => expect(legacy.asked.at(-1)?.page).toBe(2), SOON);
    const { length } = legacy.asked;
    const heldMs = performance.now();
    await vi.waitUntil(() => performance.now() - heldMs > 2500, SOON);
    expect(legacy.asked).toHaveLength(length);
    page.release();
    await expectQueued(place, 'slow', range(1, 60));
    expect(legacy.countMostOpen()).toBe(1);
  });

  it('both respect Retry-After', async () => {
    const { legacy } = await startBoth('limited', 60);
    await expectQueued(place, 'limited', range(1, 60));
    let limitedMs = Number.POSITIVE_INFINITY;
    legacy.answerNext(1, (response) => {
      limitedMs = performance.now();
      response.writeHead(429, { 'retry-after': '4' }).end();
    });
    await vi.waitFor(() => expect(legacy.asked.at(-1)?.atMs).toBeGreaterThan(limitedMs), SOON);
    const next = legacy.asked.find(({ atMs }) => atMs > limitedMs);
    expect((next?.atMs ?? 0) - limitedMs).toBeGreaterThan(3900);
    expect(legacy.countMostOpen()).toBe(1);
  });
});

describe('records that cannot be taken', () => {
  it('are passed over, and the others are taken', async () => {
    const { legacy } = await startBoth('odd', 0);
    const items = [
      '{"id":1,"updated_at":"2024-01-01T00:00:00Z"}',
      '{"updated_at":"2024-01-01T00:00:00Z"}',
      '{"id":3,"$where":"1","updated_at":"2024-01-01T00:00:00Z"}',
      `{"id":4,"text":"${'x'.repeat(1024 ** 2)}","updated_at":"2024-01-01T00:00:00Z"}`,
      '{"id":5,"updated_at":"2024-01-01T00:00:00Z"}',
    ];
    legacy.answerNext(1, (response) => response.end(`{"data":{"items":[${items.join(',')}]}}`));
    await expectQueued(place, 'odd', [1, 5]);
  });
});

describe('the inbox', () => {
  it('is swept into the queue by one of them, and its rows stay until a worker stores them', async () => {
    const { legacy } = await startBoth('swept', 1);
    await expectQueued(place, 'swept', [1]);
    const [queued] = (await place.inspector.listEvents({ state: 'waiting', limit: 1 })).items;
    if (queued === undefined) throw new Error('Nothing is queued.');
    const { event } = queued;
    const rows = range(1, 3).map((n) => ({
      ...event,
      source: 'inbox',
      eventId: `evt_${n}`,
      body: `{"id":${n}}`,
    }));
    await createInbox(place.store).insert({ instance: 'swept', seq: 1, events: rows });
    await expectQueued(place, 'inbox', [1, 2, 3]);
    await untilAsked(legacy, 4);
    expect(await place.listQueued('inbox')).toEqual([1, 2, 3]);
    expect(await createInbox(place.store).count()).toBe(3);
  });
});
