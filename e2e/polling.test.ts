import { createServer } from 'node:http';
import type { SourceDetail } from '@sluice/contracts/sources-api';
import { listenForTest } from '@sluice/local/test-listen';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestStack, type TestStack } from './test-stack.ts';

const SOON = { timeout: 20_000, interval: 100 };
/** Longer than the pause between two polls of a source that is polled every second. */
const SILENT_MS = 3000;

type Order = { readonly id: number; readonly total: string; readonly updated_at: string };

/** Starts a legacy system: orders by page and since a time, and when it was last asked. */
async function startLegacy() {
  const orders: Order[] = [];
  let askedMs = Number.NEGATIVE_INFINITY;
  const server = createServer((request, response) => {
    askedMs = performance.now();
    const { searchParams } = new URL(request.url ?? '/', 'http://legacy');
    const [page, since] = [Number(searchParams.get('page')), searchParams.get('since')];
    const found = orders.filter(
      ({ updated_at }) => Date.parse(updated_at) >= Date.parse(since ?? '1970-01-01'),
    );
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ 'erp.orders': found.slice((page - 1) * 2, page * 2) }));
  });
  return {
    url: `${await listenForTest(server)}/orders`,
    add(count: number): void {
      for (let n = 0; n < count; n += 1) {
        const updated_at = new Date().toISOString();
        orders.push({ id: orders.length + 1, total: `${orders.length + 1},50`, updated_at });
      }
    },
    /** Waits until nobody has asked for longer than polls are apart. */
    untilSilent: () => vi.waitFor(() => expect(performance.now() - askedMs).toBeGreaterThan(SILENT_MS), SOON),
  };
}

describe('a source that is added through the api', () => {
  let sluice: TestStack;

  beforeAll(async () => {
    sluice = await startTestStack({ workers: 1 });
  });

  async function call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(new URL(path, sluice.stack.apiUrl), { method, headers, ...sent });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** Adds a source with so many orders, and returns the system that it is polled from. */
  async function addSource(id: string, schedule: string, count: number) {
    const legacy = await startLegacy();
    legacy.add(count);
    const added = await call('POST', '/api/sources', {
      ...{ id, kind: 'poll', url: legacy.url, allowPrivate: true, schedule },
      ...{ recordsPath: 'erp\\.orders', idPath: 'id', pageParam: 'page' },
      cursor: { kind: 'timestamp', param: 'since', path: 'updated_at' },
    });
    expect(added.status, JSON.stringify(added.body)).toBe(201);
    return legacy;
  }

  function untilNormalized(source: string, count: number) {
    return vi.waitFor(async () => {
      const found = await sluice.db.collection('normalized_events').find({ source }).toArray();
      expect(found).toHaveLength(count);
      return found;
    }, SOON);
  }

  async function readPolling(id: string): Promise<NonNullable<SourceDetail['polling']>> {
    const { body } = await call('GET', `/api/sources/${id}`);
    return (body as SourceDetail).polling ?? expect.fail(`${id} is not polled.`);
  }

  it('is polled within seconds, not while it is paused, and no more once it is deleted', async () => {
    const legacy = await addSource('erp', '* * * * * *', 5);
    const records = await untilNormalized('erp', 5);
    expect(records.map(({ data }) => data.id).toSorted()).toEqual([1, 2, 3, 4, 5]);
    expect(records[0]).toMatchObject({ lineage: expect.any(Object), data: { total: expect.any(String) } });

    await call('POST', '/api/sources/erp/pause');
    await legacy.untilSilent();
    legacy.add(1);
    expect(await call('POST', '/api/sources/erp/poll')).toMatchObject({
      ...{ status: 409, body: { code: 'ERR_SOURCE_PAUSED' } },
    });
    expect(await sluice.db.collection('raw_events').countDocuments({ source: 'erp' })).toBe(5);

    await call('POST', '/api/sources/erp/resume');
    await untilNormalized('erp', 6);

    expect((await call('DELETE', '/api/sources/erp')).status).toBe(200);
    await legacy.untilSilent();
    legacy.add(1);
    expect((await call('POST', '/api/sources/erp/poll')).status).toBe(404);
    await sluice.settled();
    expect(await sluice.db.collection('raw_events').countDocuments({ source: 'erp' })).toBe(6);
  });

  it('is polled when somebody asks for it, also right after it was added', async () => {
    await addSource('yearly', '0 0 0 1 1 *', 3);
    expect((await call('POST', '/api/sources/yearly/poll')).status).toBe(202);
    await untilNormalized('yearly', 3);
    await vi.waitFor(async () => {
      const { runs } = await readPolling('yearly');
      expect(runs).toMatchObject([{ outcome: 'polled', manual: true, accepted: 3 }]);
    }, SOON);
  });

  it('is as far behind in the metrics as in the api', async () => {
    await addSource('late', '0 0 0 1 1 *', 1);
    await call('POST', '/api/sources/late/poll');
    await vi.waitFor(async () => {
      const [scheduler] = sluice.stack.schedulers();
      const metrics = await fetch(new URL('/metrics', scheduler?.url)).then((answer) => answer.text());
      const { lagSeconds } = await readPolling('late');
      const [, lag = 'none'] = /^sluice_poll_lag_seconds\{.*source="late".*\} (.*)$/m.exec(metrics) ?? [];
      expect(Number(lag)).toBeGreaterThanOrEqual(3);
      expect(Math.abs(Number(lag) - (lagSeconds ?? Infinity))).toBeLessThanOrEqual(1);
    }, SOON);
  });
});
