import { VITAL_DATA_SOURCE } from '@sluice/contracts/event';
import { describe, expect, it, vi } from 'vitest';
import { createPipeline, NO_REDIS, startApi, toEvent, useStores } from './fixtures.ts';

const stores = useStores();

async function start() {
  return { api: await startApi(stores), pipeline: await createPipeline(stores) };
}

type Api = Awaited<ReturnType<typeof startApi>>;

async function readPages(api: Api, url: string): Promise<{ id: string; status: string }[]> {
  const items: { id: string; status: string }[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { status, body } = await api.get(
      cursor === '' ? url : `${url}&cursor=${encodeURIComponent(cursor)}`,
    );
    expect(status).toBe(200);
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
}

describe('GET /api/events/raw', () => {
  it('pages through pending events of the queue, then through those that are stored as pending', async () => {
    const { api, pipeline } = await start();
    const parked = await pipeline.submit(toEvent({ n: 'parked' }, { source: 'pages', schemaVersion: 99 }));
    const worker = pipeline.startWorker();
    await vi.waitFor(async () => {
      const { body } = await api.get('/api/events/raw?status=pending&source=pages');
      expect(body.items).toMatchObject([{ id: parked.id, schemaVersion: 99 }]);
      expect((await api.inspector.readCounts()).parked).toBe(1);
    });
    await worker.close();
    const kept = await Promise.all(
      Array.from({ length: 25 }, (_, n) => pipeline.submit(toEvent({ n }, { source: 'pages' }))),
    );
    await pipeline.submit(toEvent({ n: 'other' }, { source: 'other' }));
    const items = await readPages(api, '/api/events/raw?status=pending&source=pages&limit=4');
    expect(items).toHaveLength(26);
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set([...kept.map(({ id }) => id), parked.id]));
    expect(items.at(-1)?.id).toBe(parked.id);
    expect(items.every(({ status }) => status === 'pending')).toBe(true);
    pipeline.startWorker();
    await vi.waitFor(async () => {
      const { body } = await api.get('/api/events/raw?status=normalized&source=pages&limit=500');
      expect(body.items).toHaveLength(25);
    });
    expect(await readPages(api, '/api/events/raw?status=pending&source=pages')).toHaveLength(1);
  });

  it('lists what workers have in hand as processing, and what is stored by status, code and time', async () => {
    const { api, pipeline } = await start();
    const gate = Promise.withResolvers<void>();
    const good = await pipeline.submit(toEvent({ n: 1 }, { source: 'stored' }));
    const bad = await pipeline.submit(toEvent({ n: 2 }, { source: 'stored', simulate: 'all' }));
    pipeline.startWorker({ attempts: 1, gate: gate.promise });
    await vi.waitFor(async () => {
      const { body } = await api.get('/api/events/raw?status=processing&source=stored');
      expect(body.items).toHaveLength(2);
    });
    gate.resolve();
    await vi.waitFor(async () => {
      const { body } = await api.get('/api/events/raw?source=stored');
      expect(body.items).toHaveLength(2);
    });
    const ids = async (query: string) =>
      (await readPages(api, `/api/events/raw?source=stored&${query}`)).map(({ id }) => id);
    const today = new Date().toISOString().slice(0, 10);
    expect(await ids('status=normalized')).toEqual([good.id]);
    expect(await ids('status=dead')).toEqual([bad.id]);
    expect(await ids('code=ERR_SIMULATED')).toEqual([bad.id]);
    expect(await ids('status=pending&code=ERR_SIMULATED')).toEqual([]);
    expect(await ids('status=processing')).toEqual([]);
    expect((await ids(`from=${today}&to=${today}`)).length).toBe(2);
    expect(await ids('to=2020-01-01')).toEqual([]);
  });

  it.each([
    ['status=lost', '/status'],
    ['status[$ne]=dead', '/status[$ne]'],
    ['status=dead&status=failed', '/status'],
    ['limit=0', '/limit'],
    ['limit=1001', '/limit'],
    ['limit=ten', '/limit'],
    ['from=yesterday', '/from'],
    ['colour=red', '/colour'],
    ['cursor=nonsense', '/cursor'],
    ['status=pending&cursor=nonsense', '/cursor'],
    ['status=processing&cursor=stored.x', '/cursor'],
    ['a/b~c=1', '/a~1b~0c'],
  ])('refuses %s', async (query, pointer) => {
    const { api } = await start();
    const { status, headers, body } = await api.get(`/api/events/raw?${query}`);
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toMatchObject({ code: 'ERR_QUERY_INVALID', errors: [{ pointer }] });
  });

  it('needs Redis only for what is in the queue', async () => {
    const api = await startApi({ ...stores, redisUrl: NO_REDIS });
    expect((await api.get('/api/events/raw?status=normalized')).status).toBe(200);
    expect((await api.get('/api/events/raw?status=pending')).status).toBe(503);
  });
});

describe('GET /api/events/normalized', () => {
  it('lists records by source, under either name, and refuses two different ones', async () => {
    const { api, pipeline } = await start();
    pipeline.startWorker();
    for (const n of [1, 2, 3]) {
      const timestamp = `2026-01-0${n}T00:00:00Z`;
      await pipeline.submit(toEvent({ metric: 'sales', amount: n, timestamp }, { source: 'records' }));
    }
    await vi.waitFor(async () => {
      const { body } = await api.get('/api/events/normalized?client_id=records');
      expect(body.items.map(({ data }: { data: { amount: number } }) => data.amount)).toEqual([3, 2, 1]);
    });
    const { body } = await api.get('/api/events/normalized?source=records&from=2026-01-02&to=2026-01-02');
    expect(body.items).toMatchObject([
      { client_id: 'records', type: 'metric', timestamp: '2026-01-02T00:00:00.000Z' },
    ]);
    const pages = await readPages(api, '/api/events/normalized?source=records&client_id=records&limit=1');
    expect(pages).toHaveLength(3);
    const refused = await api.get('/api/events/normalized?source=records&client_id=other');
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ code: 'ERR_QUERY_INVALID', errors: [{ pointer: '/client_id' }] });
  });
});

describe('GET /vital-data', () => {
  it('lists the newest vital signs of each device, at most a second old', async () => {
    const { api, pipeline } = await start();
    pipeline.startWorker();
    const send = (device: string, timestamp: number, heartRateValue: number) =>
      pipeline.submit(
        toEvent(
          { device, timestamp, heartRateValue, breathRateValue: 14 },
          { source: VITAL_DATA_SOURCE, type: 'vitals' },
        ),
      );
    await send('watch-1', 1767323045, 60);
    await send('watch-2', 1767323046, 70);
    await vi.waitFor(async () => {
      const { status, body } = await api.get('/vital-data');
      expect(status).toBe(200);
      expect(body.total).toBe(2);
    }, 10_000);
    const { body } = await api.get('/vital-data?sortBy=heartRate&orderBy=asc&count=1&offset=1');
    expect(body).toMatchObject({
      total: 2,
      resources: [{ deviceId: 'watch-2', timestamp: 1767323046, heartRate: 70, breathRate: 14 }],
    });

    const asked = performance.now();
    const before = await api.get('/vital-data?count=7');
    await send('watch-1', 1767323099, 61);
    await vi.waitFor(async () => {
      const after = await api.get('/vital-data?count=7');
      if (performance.now() - asked < 500) expect(after.body).toEqual(before.body);
      expect(after.body.resources[0]).toMatchObject({ deviceId: 'watch-1', heartRate: 61 });
    }, 10_000);
  });

  it('works without Redis, and refuses what it does not know', async () => {
    const api = await startApi({ ...stores, redisUrl: NO_REDIS });
    expect((await api.get('/vital-data')).status).toBe(200);
    for (const query of ['count=101', 'count=0', 'offset=-1', 'sortBy=age', 'orderBy=up', 'page=2']) {
      expect((await api.get(`/vital-data?${query}`)).body.code).toBe('ERR_QUERY_INVALID');
    }
  });
});
