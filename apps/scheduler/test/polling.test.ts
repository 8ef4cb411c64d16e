import { isManualSlot, toLagSeconds, toManualSlot } from '@sluice/contracts/poll';
import { createTestNames } from '@sluice/local/test-names';
import { createMetrics, type Metrics } from '@sluice/runtime/metrics';
import { createInbox } from '@sluice/store/inbox';
import { createRejections } from '@sluice/store/rejections';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import type { SchedulerOptions } from '../src/app.ts';
import { createSchedulerMetrics } from '../src/scheduler-metrics.ts';
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
async function startSchedulers(
  id: string,
  count: number,
  wrap?: (options: SchedulerOptions) => SchedulerOptions,
  names: readonly string[] = [`${id}-1`, `${id}-2`],
) {
  const legacy = await startLegacyServer();
  const nowMs = Date.now();
  legacy.add(...range(1, count).map((n) => ({ id: n, updatedAt: nowMs - MINUTE * 60 + n * 1000 })));
  const sources = [toSource(id, legacy.url)];
  const schedulers = await Promise.all(names.map((name) => startScheduler(at, name, sources, wrap)));
  onTestFinished(async () => {
    await Promise.all(schedulers.map((scheduler) => scheduler.close()));
  });
  const { pollQueue } = schedulers[0] ?? expect.fail('No scheduler was started.');
  return { legacy, pollQueue, newestMs: nowMs - MINUTE * 60 + count * 1000 };
}

/** Reads how far a source is behind from what Prometheus would read; null when nothing tells. */
async function readLag(metrics: Metrics, source: string): Promise<number | null> {
  const line = new RegExp(`^sluice_poll_lag_seconds\\{.*source="${source}".*\\} (.*)$`, 'm');
  const [, value] = line.exec(await metrics.read()) ?? [];
  return value === undefined ? null : Number(value);
}

function untilAsked(legacy: LegacyServer, more: number): Promise<void> {
  const before = legacy.asked.length;
  return vi.waitFor(() => expect(legacy.asked.length).toBeGreaterThanOrEqual(before + more), SOON);
}

describe('two schedulers with the same source', () => {
  it('queue every record once, late ones too, and never save a checkpoint ahead of the queue', async () => {
    const enqueued = new Set<number>();
    const ahead: number[] = [];
    const { legacy, newestMs } = await startSchedulers(
      'orders',
      130,
      ({ queue, checkpoints, ...options }) => ({
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
      }),
    );
    const startMs = performance.now();
    await expectQueued(place, 'orders', range(1, 130));
    legacy.add({ id: 131, updatedAt: newestMs + 1000 }, { id: 132, updatedAt: newestMs - 30_000 });
    await expectQueued(place, 'orders', range(1, 132));
    await untilAsked(legacy, 4);
    const seconds = (performance.now() - startMs) / 1000;
    expect(await place.listQueued('orders')).toEqual(range(1, 132));
    expect(ahead).toEqual([]);
    expect(legacy.countMostOpen()).toBe(1);
    // Page 1 is looked at again after page 2; only the first look begins a run.
    const begun = legacy.asked.filter(({ page }, index) => page === 1 && legacy.asked[index - 1]?.page !== 2);
    expect(begun.length).toBeLessThanOrEqual(seconds + 2);
    expect(legacy.asked.at(0)?.since).toBeNull();
    const last = Date.parse(legacy.asked.at(-1)?.since ?? '');
    expect(last).toBe(newestMs + 1000 - MINUTE);
  });

  it('take it up where it was after failures of the source', async () => {
    const legacy = (await startSchedulers('failing', 130)).legacy;
    legacy.answerNext(2, (response) => response.writeHead(500).end('oops'));
    legacy.answerNext(1, (response) => response.writeHead(200).end('<html>'));
    legacy.answerNext(1, (response) => response.destroy());
    await expectQueued(place, 'failing', range(1, 130));
    expect(legacy.countInstead()).toBe(0);
    expect(legacy.countMostOpen()).toBe(1);
  });

  it('wait for a slow answer, and ask nothing meanwhile', async () => {
    const { legacy } = await startSchedulers('slow', 60);
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
    const { legacy } = await startSchedulers('limited', 60);
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
  const items = [
    '{"id":1,"updated_at":"2024-01-01T00:00:00Z"}',
    '{"updated_at":"2024-01-01T00:00:00Z"}',
    '{"id":3,"$where":"1","updated_at":"2024-01-01T00:00:00Z"}',
    `{"id":4,"text":"${'x'.repeat(1024 ** 2)}","updated_at":"2024-01-01T00:00:00Z"}`,
    '{"id":5,"updated_at":"2024-01-01T00:00:00Z"}',
  ] as const;

  it('are among the rejections before the cursor moves on, and the others are taken', async () => {
    const readers: Metrics[] = [];
    const away = Promise.withResolvers<void>();
    let isAway = true;
    const { legacy } = await startSchedulers('odd', 0, ({ rejections, ...options }) => {
      const metrics = createMetrics({ app: 'scheduler', instance: options.instance });
      readers.push(metrics);
      return {
        ...options,
        metrics: createSchedulerMetrics(metrics),
        rejections: {
          async insertMany(rejected) {
            if (!isAway) return rejections.insertMany(rejected);
            away.resolve();
            throw new Error('Nothing can be kept now.');
          },
        },
      };
    });
    legacy.answerNext(1000, (response) => response.end(`{"data":{"items":[${items.join(',')}]}}`));
    await away.promise;
    await expectQueued(place, 'odd', [1, 5]);
    expect(await place.readCheckpoint('odd')).toMatchObject({ revision: 0 });
    isAway = false;
    const run = await vi.waitFor(async () => {
      const found = (await place.listRuns('odd')).find(({ outcome }) => outcome === 'with-rejections');
      return found ?? expect.fail('No run ended with rejections.');
    }, SOON);
    expect(run).toMatchObject({ rejected: 3, records: expect.any(Number), error: null });
    expect(run.cursorAfter).toBe('2024-01-01T00:00:00.000Z');
    const { items: kept } = await createRejections(place.store).list('default', { source: 'odd', limit: 50 });
    const told = kept.map(({ cause, body, remote, path }) => [cause, body.slice(0, 60), remote, path]);
    const { host, pathname } = new URL(legacy.url);
    expect(new Map(told.map(([cause, ...rest]) => [cause, rest]))).toEqual(
      new Map([
        ['record-unreadable', [items[1], host, pathname]],
        ['ERR_UNSAFE_KEY', [items[2], host, pathname]],
        ['ERR_BODY_TOO_LARGE', [items[3].slice(0, 60), host, pathname]],
      ]),
    );
    // Each scheduler that read them keeps them once, however often it reads them.
    expect(kept.length).toBeLessThanOrEqual(6);
    await vi.waitFor(async () => {
      const metrics = (await Promise.all(readers.map((reader) => reader.read()))).join('\n');
      expect(metrics).toMatch(/^sluice_poll_rejected_records_total\{.*source="odd".*\} [1-9]/m);
    }, SOON);
  });
});

describe('operators', () => {
  it('see what the last runs did, and why they failed', async () => {
    const { legacy } = await startSchedulers('shown', 60);
    await vi.waitFor(async () => {
      expect((await place.listRuns('shown')).map(({ outcome }) => outcome)).toContain('polled');
    }, SOON);
    legacy.answerNext(1, (response) => response.writeHead(403).end());
    await vi.waitFor(async () => {
      const runs = await place.listRuns('shown');
      expect(runs.map(({ outcome }) => outcome)).toContain('failed');
      expect(runs.find(({ outcome }) => outcome === 'failed')?.error).toBe('The source answered 403.');
    }, SOON);
    const first = (await place.listRuns('shown')).at(-1);
    expect(first).toMatchObject({ outcome: 'polled', accepted: 60, cursorBefore: null, error: null });
    expect(first?.cursorAfter).toMatch(/Z$/);
    expect(first?.scheduler).toMatch(/^shown-[12]$/);
    expect(first?.endedAt?.getTime()).toBeGreaterThanOrEqual(first?.startedAt.getTime() ?? Infinity);
  });

  it('pause a source, whose polls end at once, and go on with it', async () => {
    const paused: string[] = [];
    const { legacy, pollQueue } = await startSchedulers('paused', 5, ({ sources, ...options }) => ({
      ...options,
      sources: { ...sources, listPaused: async () => paused },
    }));
    await expectQueued(place, 'paused', range(1, 5));
    paused.push('paused');
    await vi.waitFor(async () => {
      await pollQueue.addPoll({ source: 'paused', tenant: 'default', slot: toManualSlot(Date.now()) });
      expect((await place.listRuns('paused'))[0]?.outcome).toBe('paused');
    }, SOON);
    const { length } = legacy.asked;
    const pausedMs = performance.now();
    await vi.waitUntil(() => performance.now() - pausedMs > 2500, SOON);
    expect(legacy.asked.length).toBeLessThanOrEqual(length + 3);
    paused.pop();
    await untilAsked(legacy, 4);
  });

  it('ask for a poll now, also of a source whose next slot is far away', async () => {
    const { legacy, pollQueue } = await startSchedulers('now', 5, ({ sources, ...options }) => ({
      ...options,
      sources: {
        ...sources,
        list: async () => (await sources.list()).map((source) => ({ ...source, schedule: '0 0 0 1 1 *' })),
      },
    }));
    await pollQueue.addPoll({ source: 'now', tenant: 'default', slot: toManualSlot(Date.now()) });
    await expectQueued(place, 'now', range(1, 5));
    expect(legacy.countMostOpen()).toBe(1);
    const runs = await vi.waitFor(async () => {
      const found = await place.listRuns('now');
      expect(found[0]?.outcome).toBe('polled');
      return found;
    }, SOON);
    expect(runs.map(({ slot }) => isManualSlot(slot))).toEqual([true]);
  });
});

describe('how far a source is behind', () => {
  it('is told by the metrics of every scheduler as the api tells it', async () => {
    const readers: Metrics[] = [];
    const { legacy } = await startSchedulers('lagging', 5, (options) => {
      const metrics = createMetrics({ app: 'scheduler', instance: options.instance });
      readers.push(metrics);
      return { ...options, metrics: createSchedulerMetrics(metrics) };
    });
    expect(await Promise.all(readers.map((metrics) => readLag(metrics, 'lagging')))).toEqual([null, null]);
    // A run queues what it read before it asks for the next page: only its end tells that it read everything.
    await vi.waitFor(
      async () => expect((await place.listRuns('lagging')).map(({ outcome }) => outcome)).toContain('polled'),
      SOON,
    );
    legacy.answerNext(1000, (response) => response.writeHead(403).end());
    await vi.waitFor(async () => {
      const runs = await place.listRuns('lagging');
      const nowMs = Date.now();
      const lags = await Promise.all(readers.map((metrics) => readLag(metrics, 'lagging')));
      const wanted = toLagSeconds(runs, nowMs) ?? 0;
      expect(wanted).toBeGreaterThanOrEqual(3);
      for (const lag of lags) expect(Math.abs((lag ?? Infinity) - wanted)).toBeLessThanOrEqual(1);
    }, SOON);
  });
});

describe('a source that asks us to wait', () => {
  it('is not polled by whoever asks for it now, and that is told', async () => {
    const { legacy, pollQueue } = await startSchedulers('waiting', 5, undefined, ['waiting-1']);
    legacy.answerNext(1, (response) => response.writeHead(429, { 'retry-after': '600' }).end());
    const untilTold = (manual: boolean) =>
      vi.waitFor(async () => {
        const told = (await place.listRuns('waiting')).filter(({ outcome }) => outcome === 'waiting');
        expect(told.map(({ slot }) => isManualSlot(slot))).toContain(manual);
      }, SOON);
    await untilTold(false);
    await pollQueue.addPoll({ source: 'waiting', tenant: 'default', slot: toManualSlot(Date.now()) });
    await untilTold(true);
    expect(legacy.asked).toHaveLength(1);
    for (const { waitingUntil } of await place.listRuns('waiting')) {
      expect(waitingUntil?.getTime()).toBeGreaterThan(Date.now() + 500_000);
    }
  });

  it('is polled again when the time is over, whatever the clock of the machine is set to', async () => {
    let backMs = 0;
    const now = () => Date.now() - backMs;
    const { legacy } = await startSchedulers('set-back', 5, (options) => ({ ...options, now }), [
      'set-back-1',
    ]);
    legacy.answerNext(1, (response) => response.writeHead(429, { 'retry-after': '2' }).end());
    await vi.waitFor(async () => {
      expect((await place.listRuns('set-back')).map(({ outcome }) => outcome)).toContain('waiting');
    }, SOON);
    backMs = 60 * MINUTE;
    await expectQueued(place, 'set-back', range(1, 5));
  });

  it('is polled once it was changed, by those also whom it did not ask', async () => {
    let more = {};
    const { legacy } = await startSchedulers('moved', 5, ({ sources, ...options }) => ({
      ...options,
      sources: {
        ...sources,
        list: async () => (await sources.list()).map((source) => ({ ...source, ...more })),
      },
    }));
    legacy.answerNext(1, (response) => response.writeHead(429, { 'retry-after': '600' }).end());
    await vi.waitFor(async () => {
      expect((await place.listRuns('moved')).map(({ outcome }) => outcome)).toContain('waiting');
    }, SOON);
    more = { pageSize: 77 };
    await expectQueued(place, 'moved', range(1, 5));
  });
});

describe('a source that is deleted', () => {
  it('is not read any further, also in the middle of a run', async () => {
    const gone = new Set<string>();
    const { legacy } = await startSchedulers('deleted', 180, ({ sources, ...options }) => ({
      ...options,
      sources: {
        ...sources,
        list: async () => (await sources.list()).filter(({ id }) => !gone.has(id)),
      },
    }));
    const held = legacy.hold(2);
    await vi.waitFor(() => expect(legacy.asked.at(-1)?.page).toBe(2), SOON);
    gone.add('deleted');
    const { length } = legacy.asked;
    const goneMs = performance.now();
    await vi.waitUntil(() => performance.now() - goneMs > 6000, SOON);
    held.release();
    await vi.waitFor(async () => {
      expect((await place.listRuns('deleted'))[0]?.outcome).toBe('left');
    }, SOON);
    expect(legacy.asked).toHaveLength(length);
  });
});

describe('a source that fails again and again', () => {
  it('is left alone by a breaker', async () => {
    // One alone: each scheduler has breakers of its own, and nobody says which of them takes how many polls.
    const { legacy } = await startSchedulers('broken', 5, undefined, ['broken-1']);
    legacy.answerNext(1000, (response) => response.writeHead(401).end());
    await vi.waitFor(async () => {
      const failed = (await place.listRuns('broken')).filter(({ outcome }) => outcome === 'failed');
      expect(failed.length).toBeGreaterThanOrEqual(5);
    }, SOON);
    const { length } = legacy.asked;
    const openMs = performance.now();
    await vi.waitUntil(() => performance.now() - openMs > 3000, SOON);
    expect(legacy.asked.length).toBe(length);
    const outcomes = (await place.listRuns('broken')).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(1);
    expect(outcomes[0]).toBe('open');
  });
});

describe('the inbox', () => {
  it('is swept into the queue by one of them, and its rows stay until a worker stores them', async () => {
    const { legacy } = await startSchedulers('swept', 1);
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
