import type { LatencyCounts } from '@sluice/contracts/latency';
import type { Rejection } from '@sluice/contracts/rejection';
import type { HistoryBucket } from '@sluice/contracts/stats-history';
import { createRejections } from '@sluice/store/rejections';
import { createRollups } from '@sluice/store/rollups';
import { createSamples } from '@sluice/store/samples';
import { describe, expect, it, vi } from 'vitest';
import { createPipeline, startApi, toEvent, useStores } from './fixtures.ts';

const stores = useStores();

/** Sends events, waits until they are stored, and brings the rollups up to date. */
async function store(events: readonly ReturnType<typeof toEvent>[]): Promise<void> {
  const { fold } = createRollups(stores.store);
  const records = stores.store.db.collection('normalized_events');
  const pipeline = await createPipeline(stores);
  const worker = pipeline.startWorker();
  const before = await records.countDocuments();
  // One after the other: what waits too long goes to the inbox, which nothing empties here.
  for (const event of events) await pipeline.submit(event);
  await vi.waitFor(async () => expect(await records.countDocuments()).toBe(before + events.length), {
    timeout: 20_000,
  });
  await worker.close();
  while ((await fold()).hasMore);
}

const REJECTION: Rejection = {
  ...{
    at: new Date(),
    tenant: null,
    source: null,
    code: 'ERR_JSON_INVALID',
    status: 400,
    cause: 'ERR_JSON_INVALID',
  },
  ...{ detail: 'bad', requestId: 'req_1', method: 'POST', path: '/api/events', remote: '::1', headers: {} },
  body: new Uint8Array(),
};

const countLatencies = (counts: LatencyCounts) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const toMetric = (amount: number, at: string, source = 'shop', metric = 'sales') =>
  toEvent({ metric, price: `${amount}`, at }, { source });

describe('GET /api/aggregates', () => {
  it('sums up what was stored, by source or its alias, type, metric, date and interval', async () => {
    await store([
      toMetric(1, '2026-01-01T10:00:00Z'),
      toMetric(2.5, '2026-01-01T10:59:59Z'),
      toMetric(4, '2026-01-02T00:00:00Z'),
      toMetric(8, '2026-01-01T10:00:00Z', 'shop', 'refunds'),
      toMetric(16, '2026-01-01T10:00:00Z', 'erp'),
    ]);
    const api = await startApi(stores);
    const query = 'client_id=shop&type=metric&metric=sales&startDate=2026-01-01&interval=hour';
    const { status, body } = await api.get(`/api/aggregates?${query}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      series: [
        {
          ...{ bucket: '2026-01-01T10:00:00.000Z', source: 'shop', metric: 'sales' },
          ...{ count: 2, sum: 3.5, min: 1, max: 2.5, avg: 1.75 },
        },
        {
          ...{ bucket: '2026-01-02T00:00:00.000Z', source: 'shop', metric: 'sales' },
          ...{ count: 1, sum: 4, min: 4, max: 4, avg: 4 },
        },
      ],
      events: [],
      totals: { count: 3, sum: 7.5, min: 1, max: 4, avg: 2.5, events: 0, leftOut: 0 },
    });
    const oneDay = await api.get('/api/aggregates?source=shop&metric=sales&endDate=2026-01-01');
    expect(oneDay.body.totals).toMatchObject({ count: 2, sum: 3.5 });
    const all = await api.get('/api/aggregates');
    expect(all.body.totals).toMatchObject({ count: 5, sum: 31.5, events: 5 });
  });

  it('takes every vital sign for a metric', async () => {
    await store([
      toEvent({ device: 'w', timestamp: 1767323045, heartRateValue: 61, spo2: 97 }, { source: 'watch' }),
    ]);
    const api = await startApi(stores);
    const { body } = await api.get('/api/aggregates?source=watch');
    expect(body.series.map(({ metric, avg }: { metric: string; avg: number }) => [metric, avg])).toEqual([
      ['heartRate', 61],
      ['spo2', 97],
    ]);
  });

  it.each([
    ['interval=week', '/interval'],
    ['interval=minute&startDate=2020-01-01&endDate=2026-01-01', '/interval'],
    ['startDate=yesterday', '/startDate'],
    ['startDate=2026-01-02&endDate=2026-01-01T00:00:00Z', '/endDate'],
    ['metric[$ne]=x', '/metric[$ne]'],
    ['source=a&client_id=b', '/client_id'],
    ['from=2026-01-01', '/from'],
  ])('refuses %s', async (query, pointer) => {
    const api = await startApi(stores);
    const { status, body } = await api.get(`/api/aggregates?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'ERR_QUERY_INVALID', errors: [{ pointer }] });
  });
});

describe('GET /api/events/stats/hourly', () => {
  it('tells what became of the events of each hour, and rates are in the stats', async () => {
    await store([
      toMetric(1, '2026-01-01T10:00:00Z', 'hourly'),
      toMetric(2, '2026-01-01T10:00:00Z', 'hourly'),
    ]);
    const api = await startApi(stores);
    const { status, body } = await api.get('/api/events/stats/hourly?client_id=hourly');
    expect(status).toBe(200);
    const counts = { accepted: 2, normalized: 2, duplicate: 0, dead: 0, failed: 0, pending: 0 };
    expect(body).toEqual({
      hours: [
        {
          ...{ hour: expect.stringMatching(/:00:00\.000Z$/), source: 'hourly', ...counts },
          latency: expect.any(Object),
        },
      ],
      rejected: [],
      rejectedKnownFrom: null,
      totals: counts,
    });
    expect(countLatencies(body.hours[0].latency)).toBe(2);
    const { rates } = (await api.get('/api/events/stats')).body;
    expect(rates.lastMinute.normalized).toBeGreaterThanOrEqual(2);
    expect(rates.lastFiveMinutes.normalized).toBe(rates.lastMinute.normalized / 5);
    expect((await api.get('/api/events/stats/hourly?hour=1')).body.code).toBe('ERR_QUERY_INVALID');
  });
});

describe('GET /api/events/stats/recent', () => {
  it('counts what was settled by source and by how late it was, and what was refused', async () => {
    const api = await startApi(stores);
    const before = (await api.get('/api/events/stats/recent?step=15')).body;
    await store([toMetric(1, '2026-01-01T10:00:00Z', 'recently')]);
    await createRejections(stores.store).insertMany([REJECTION]);
    const { status, body } = await api.get('/api/events/stats/recent?step=15&client_id=recently');
    expect(status).toBe(200);
    expect(body.buckets).toHaveLength(240);
    const sum = (of: string) =>
      body.buckets.reduce((all: number, bucket: Record<string, number>) => all + (bucket[of] ?? 0), 0);
    expect([sum('normalized'), sum('rejected')]).toEqual([1, 0]);
    const counts = { accepted: 1, normalized: 1, duplicate: 0, dead: 0, failed: 0 };
    expect(body.sources).toEqual([{ source: 'recently', ...counts }]);
    const latencies = body.buckets.map(({ latency }: { latency: LatencyCounts }) => countLatencies(latency));
    expect(latencies.filter((count: number) => count > 0)).toEqual([1]);
    const days = await api.get('/api/events/stats/recent?step=180&source=recently');
    expect(days.body.buckets).toHaveLength(480);
    expect([days.body.knownFrom, days.body.rejectedKnownFrom]).toEqual([null, null]);
    // The next one may have begun meanwhile.
    const latest: readonly { normalized: number }[] = days.body.buckets.slice(-2);
    expect(latest.map(({ normalized }) => normalized).toSorted()).toEqual([0, 1]);
    const quarter = new Date(Date.now() - 900_000).toISOString();
    const part = await api.get(`/api/events/stats/recent?step=30&source=recently&from=${quarter}`);
    expect([31, 32]).toContain(part.body.buckets.length);
    expect(part.body.sources).toEqual([{ source: 'recently', ...counts }]);
    for (const bad of [
      'step=60&from=2026-01-01',
      'step=180&from=2026-01-01',
      'step=15&to=2026-01-01',
      'step=5',
    ]) {
      const refused = await api.get(`/api/events/stats/recent?${bad}`);
      expect([refused.status, refused.body.code]).toEqual([400, 'ERR_QUERY_INVALID']);
    }
    const all = (await api.get('/api/events/stats/recent?step=15')).body;
    const toRejected = (answer: typeof all) =>
      answer.buckets.reduce((total: number, { rejected }: { rejected: number }) => total + rejected, 0);
    expect(toRejected(all)).toBe(toRejected(before) + 1);
  });
});

describe('GET /api/events/stats/history', () => {
  it('tells how much waited, and hatches what nobody knows', async () => {
    const at = new Date(Math.floor(Date.now() / 15_000) * 15_000);
    const queue = { waiting: 7, active: 1, delayed: 0, failed: 0, parked: 0, oldestWaitingMs: 1200 };
    const sample = { at, queue, hasBackup: true, replicationLagMs: null };
    expect(await createSamples(stores.store).insert(sample)).toBe(true);
    const api = await startApi(stores);
    const { status, body } = await api.get('/api/events/stats/history');
    expect(status).toBe(200);
    expect([30, 60]).toContain(body.stepSeconds);
    expect(body.hasBackup).toBe(true);
    expect(body.buckets.filter((bucket: HistoryBucket) => bucket.queue !== null)).toEqual([
      { at: expect.any(String), queue, replicationLagMs: null },
    ]);
    const refused = await api.get('/api/events/stats/history?from=2020-01-01');
    expect([refused.status, refused.body.code]).toEqual([400, 'ERR_QUERY_INVALID']);
  });
});

describe('lists', () => {
  it('end a page of large records early, and lose none', async () => {
    const payload = 'x'.repeat(900_000);
    await store(
      Array.from({ length: 12 }, (_, n) => toEvent({ n, payload }, { source: 'large', type: 'blob' })),
    );
    const api = await startApi(stores);
    const ids = new Set<string>();
    let pages = 0;
    let cursor: string | null = '';
    while (cursor !== null) {
      const next = cursor === '' ? '' : `&cursor=${cursor}`;
      const { server } = api;
      const url = `/api/events/normalized?source=large&limit=500${next}`;
      const { body } = await server.inject({ method: 'GET', url });
      expect(body.length).toBeLessThan(5 * 1024 * 1024);
      const page = JSON.parse(body) as { items: { id: string }[]; nextCursor: string | null };
      for (const { id } of page.items) ids.add(id);
      cursor = page.nextCursor;
      pages += 1;
    }
    expect(ids.size).toBe(12);
    expect(pages).toBe(3);
  });

  it('refuse a cursor of another list, tenant or filter', async () => {
    await store([1, 2, 3].map((n) => toMetric(n, '2026-01-01T10:00:00Z', 'paged')));
    const api = await startApi(stores);
    const first = await api.get('/api/events/normalized?source=paged&limit=1');
    const cursor = first.body.nextCursor;
    expect((await api.get(`/api/events/normalized?source=paged&limit=2&cursor=${cursor}`)).status).toBe(200);
    for (const url of [
      `/api/events/raw?source=paged&cursor=${cursor}`,
      `/api/events/raw?source=paged&status=pending&cursor=${cursor}`,
      `/api/events/normalized?cursor=${cursor}`,
      `/api/events/normalized?source=shop&cursor=${cursor}`,
      `/api/events/normalized?source=paged&type=metric&cursor=${cursor}`,
      `/api/events/normalized?source=paged&cursor=${cursor}A`,
      `/api/rejections?cursor=${cursor}`,
    ]) {
      const { status, body } = await api.get(url);
      expect(status, url).toBe(400);
      expect(body, url).toMatchObject({ code: 'ERR_QUERY_INVALID', errors: [{ pointer: '/cursor' }] });
    }
  });

  it.each([
    'events/raw',
    'events/raw?status=pending',
    'events/raw?status=processing&code=ERR_SIMULATED',
    'events/normalized',
    'events/stats/hourly',
    'events/stats/history',
    'events/stats/recent',
    'dead-letters',
    'audit',
  ])('refuse a time that ends before it begins: %s', async (list) => {
    const api = await startApi(stores);
    const url = `/api/${list}${list.includes('?') ? '&' : '?'}`;
    const { status, headers, body } = await api.get(`${url}from=2026-01-02&to=2026-01-01`);
    expect([status, headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(body).toMatchObject({
      ...{ code: 'ERR_QUERY_INVALID', detail: 'to: lies before from.' },
      errors: [{ pointer: '/to', detail: 'lies before from' }],
    });
  });

  it('take a time of no length, and one day', async () => {
    const api = await startApi(stores);
    const at = '2020-01-02T00:00:00Z';
    for (const list of ['events/raw', 'events/raw?status=pending', 'events/normalized', 'dead-letters']) {
      const url = `/api/${list}${list.includes('?') ? '&' : '?'}`;
      expect(await api.get(`${url}from=${at}&to=${at}`), list).toMatchObject({
        status: 200,
        body: { items: [] },
      });
      expect((await api.get(`${url}from=2020-01-02&to=2020-01-02`)).status, list).toBe(200);
    }
  });

  it.each(['0x10', '1e1', '%205', '5.0', '+5', ''])('refuse limit=%s', async (limit) => {
    const api = await startApi(stores);
    for (const list of ['events/raw', 'events/normalized', 'rejections', 'sources']) {
      const { status, body } = await api.get(`/api/${list}?limit=${limit}`);
      expect(status, list).toBe(400);
      expect(body).toMatchObject({ errors: [{ pointer: '/limit' }] });
    }
    expect((await api.get(`/vital-data?count=${limit}`)).status).toBe(400);
  });
});
