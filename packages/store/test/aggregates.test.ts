import type { AggregatesQuery } from '@sluice/contracts/aggregates';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAggregates } from '../src/aggregates.ts';
import { createEventStore } from '../src/event-store.ts';
import { readRates } from '../src/outcomes.ts';
import { createRollups } from '../src/rollups.ts';
import { readHourlyStats } from '../src/stats-hourly.ts';
import { readTenantStats } from '../src/tenant-stats.ts';
import { useDatabase } from './database.ts';
import { newNormalized, newPlan, newRaw } from './documents.ts';

const connection = useDatabase();
const store = createEventStore(connection);
const rollups = createRollups(connection);
const aggregates = createAggregates(connection);
const TENANT = 'mine';

type Given = { source?: string; type?: string; metric?: string; amount?: number; at: string | null };

function toRecord({ source = 'shop', type = 'metric', metric = 'sales', amount = 1, at }: Given) {
  return newNormalized({
    tenant: TENANT,
    source,
    type,
    data: type === 'metric' ? { metric, amount } : { heartRate: amount, breathRate: 14 },
    timestamp: at === null ? null : new Date(at),
    receivedAt: new Date('2026-03-01T12:34:56.789Z'),
  });
}

async function storeAll(given: readonly Given[]): Promise<void> {
  await store.commit(newPlan({ normalized: given.map(toRecord) }));
  while ((await rollups.fold()).changes > 0);
}

const read = (query: Partial<AggregatesQuery>) => aggregates.read(TENANT, { interval: 'day', ...query });

beforeAll(async () => {
  await storeAll([
    { at: '2026-01-01T00:00:00.000Z', amount: 1 },
    { at: '2026-01-01T00:00:00.999Z', amount: 2 },
    { at: '2026-01-01T00:04:59.000Z', amount: 3 },
    { at: '2026-01-01T00:05:00.000Z', amount: 4.5 },
    { at: '2026-01-01T23:59:59.999Z', amount: 6 },
    { at: '2026-01-02T00:00:00.000Z', amount: 7, metric: 'refunds' },
    { at: '2026-01-01T00:01:00.000Z', amount: 10, source: 'erp' },
    { at: '2026-01-01T00:01:00.000Z', amount: 61, source: 'watch', type: 'vitals' },
    { at: null, amount: 100, source: 'clockless' },
  ]);
  await store.commit(newPlan({ normalized: [newNormalized({ tenant: 'theirs', source: 'shop' })] }));
  await rollups.fold();
});

describe('aggregates', () => {
  it('sum a metric up by bucket and source', async () => {
    const { series, events, totals } = await read({ source: 'shop', metric: 'sales', interval: 'hour' });
    expect(series).toEqual([
      {
        ...{ bucket: '2026-01-01T00:00:00.000Z', source: 'shop', metric: 'sales' },
        ...{ count: 4, sum: 10.5, min: 1, max: 4.5, avg: 2.625 },
      },
      {
        ...{ bucket: '2026-01-01T23:00:00.000Z', source: 'shop', metric: 'sales' },
        ...{ count: 1, sum: 6, min: 6, max: 6, avg: 6 },
      },
    ]);
    expect(events).toEqual([]);
    expect(totals).toEqual({ count: 5, sum: 16.5, min: 1, max: 6, avg: 3.3, events: 0, leftOut: 0 });
  });

  it('begin buckets at full minutes, five minutes, hours and days of UTC', async () => {
    const buckets = async (interval: AggregatesQuery['interval']) =>
      (await read({ source: 'shop', endDate: '2026-01-01', interval })).series.map(
        ({ bucket, count }) => `${bucket.slice(5, 16)} ${count}`,
      );
    expect(await buckets('minute')).toEqual([
      '01-01T00:00 2',
      '01-01T00:04 1',
      '01-01T00:05 1',
      '01-01T23:59 1',
    ]);
    expect(await buckets('5m')).toEqual(['01-01T00:00 3', '01-01T00:05 1', '01-01T23:55 1']);
    expect(await buckets('hour')).toEqual(['01-01T00:00 4', '01-01T23:00 1']);
    expect(await buckets('day')).toEqual(['01-01T00:00 5']);
  });

  it('include startDate, exclude endDate, and include the day of a bare endDate', async () => {
    const sum = async (startDate: string, endDate: string) =>
      (await read({ source: 'shop', startDate, endDate })).totals.sum;
    expect(await sum('2026-01-01', '2026-01-01')).toBe(16.5);
    expect(await sum('2026-01-01', '2026-01-01T00:05:00Z')).toBe(6);
    expect(await sum('2026-01-01T00:05:00Z', '2026-01-02T00:00:00Z')).toBe(10.5);
    expect(await sum('2026-01-01T01:05:00+01:00', '2026-01-02T01:00:00+01:00')).toBe(10.5);
    expect(await sum('2026-01-01T00:04:59Z', '2026-01-01T23:59:59Z')).toBe(7.5);
    expect(await sum('2026-01-02', '2026-01-02')).toBe(7);
    expect(await sum('2026-01-03', '2026-01-05')).toBe(0);
  });

  it('take every numeric vital sign for a metric, and count events by type', async () => {
    const { series, events, totals } = await read({ type: 'vitals' });
    expect(series.map(({ metric, sum }) => [metric, sum])).toEqual([
      ['breathRate', 14],
      ['heartRate', 61],
    ]);
    const bucket = '2026-01-01T00:00:00.000Z';
    expect(events).toEqual([{ bucket, source: 'watch', type: 'vitals', count: 1 }]);
    expect(totals.events).toBe(1);
  });

  it('count events without a time by their arrival', async () => {
    const { series } = await read({ source: 'clockless', interval: 'minute' });
    expect(series).toMatchObject([{ bucket: '2026-03-01T12:34:00.000Z', sum: 100 }]);
  });

  it('are of one tenant, and of all its sources unless one is named', async () => {
    const { series, totals } = await read({ metric: 'sales' });
    expect(new Set(series.map(({ source }) => source))).toEqual(new Set(['clockless', 'erp', 'shop']));
    expect(totals.count).toBe(7);
    expect((await aggregates.read('theirs', { interval: 'day' })).totals.count).toBe(1);
    expect((await aggregates.read('nobody', { interval: 'day' })).totals).toEqual({
      ...{ count: 0, sum: 0, min: null, max: null, avg: null },
      ...{ events: 0, leftOut: 0 },
    });
  });

  it('take nothing of a question for an expression', async () => {
    expect((await read({ metric: '$metric' })).series).toEqual([]);
    expect((await read({ metric: '$$ROOT', type: '$type' })).series).toEqual([]);
  });

  it('refuse an answer that would be too large, and say what to do', async () => {
    const small = createAggregates(connection, { maxAggregates: 3 });
    await expect(small.read(TENANT, { interval: 'minute' })).rejects.toMatchObject({
      code: 'ERR_QUERY_INVALID',
      message: expect.stringContaining('ask for a longer interval'),
    });
    expect((await small.read(TENANT, { interval: 'day', metric: 'refunds' })).series).toHaveLength(1);
  });

  it('of a week of busy minutes are read in time', async () => {
    const documents = Array.from({ length: 7 * 24 * 60 }, (_, minute) => ({
      _id: `busy-${minute}`,
      tenant: 'busy',
      source: `s${minute % 2}`,
      unit: 'minute' as const,
      at: new Date(Date.UTC(2026, 3, 1, 0, minute)),
      events: [{ type: 'metric', count: 60 }],
      series: Array.from({ length: 5 }, (__, n) => ({
        ...{ type: 'metric', metric: `m${n}`, count: 60, sum: 60, rest: 0, min: 1, max: 1 },
      })),
      leftOut: 0,
    }));
    await connection.db.collection<(typeof documents)[0]>('rollups').insertMany(documents);
    const begun = performance.now();
    const query = {
      startDate: '2026-04-01',
      endDate: '2026-04-07',
      interval: 'minute' as const,
      metric: 'm1',
    };
    const { totals } = await aggregates.read('busy', query);
    expect(totals.count).toBe(7 * 24 * 60 * 60);
    expect(performance.now() - begun).toBeLessThan(2500);
  });
});

describe('outcomes', () => {
  const at = (time: string) => new Date(`2026-02-01T${time}Z`);
  const other = { tenant: 'hours', source: 'shop' };

  beforeAll(async () => {
    const raw = newRaw({ ...other, receivedAt: at('10:15:00'), status: 'failed', code: 'ERR_SIMULATED' });
    await store.commit(
      newPlan({
        rawInserts: [
          newRaw({ ...other, receivedAt: at('10:00:00') }),
          newRaw({ ...other, receivedAt: at('10:59:59'), status: 'duplicate' }),
          raw,
          newRaw({ ...other, receivedAt: at('11:00:00'), status: 'dead', source: 'erp' }),
          newRaw({ ...other, receivedAt: at('13:00:00'), status: 'pending' }),
        ],
      }),
    );
    await rollups.fold();
    const set = { status: 'normalized', run: 0, attempts: 2, updatedAt: new Date() } as const;
    const update = { id: raw._id, expect: { status: 'failed', run: 0, attempts: 1 } as const, set };
    expect(await store.commit(newPlan({ rawUpdates: [update] }))).toBe('committed');
    await rollups.fold();
  });

  const NOTHING = { accepted: 0, normalized: 0, duplicate: 0, dead: 0, failed: 0, pending: 0 };
  const now = at('12:30:00').getTime();

  it('tell what became of the events of each hour, as it is now', async () => {
    const { hours, totals } = await readHourlyStats(connection, 'hours', {}, now);
    expect(hours).toEqual([
      { hour: at('11:00:00').toISOString(), source: 'erp', ...NOTHING, accepted: 1, dead: 1, latency: {} },
      {
        hour: at('10:00:00').toISOString(),
        source: 'shop',
        ...NOTHING,
        accepted: 3,
        normalized: 2,
        duplicate: 1,
        latency: expect.any(Object),
      },
    ]);
    const latency = hours.flatMap((entry) => Object.values(entry.latency));
    expect(latency.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(totals).toEqual({ ...NOTHING, accepted: 4, normalized: 2, duplicate: 1, dead: 1 });
  });

  it('are filtered by source, time and tenant', async () => {
    const accepted = async (query: Parameters<typeof readHourlyStats>[2], tenant = 'hours') =>
      (await readHourlyStats(connection, tenant, query, now)).totals.accepted;
    expect(await accepted({ source: 'erp' })).toBe(1);
    expect(await accepted({ from: '2026-02-01T10:30:00Z', to: '2026-02-01T11:00:00Z' })).toBe(3);
    expect(await accepted({ to: '2026-02-01' })).toBe(5);
    expect(await accepted({ from: '2026-02-02' })).toBe(0);
    expect(await accepted({}, 'theirs')).toBe(0);
  });

  it('tell how many got one lately, by minute', async () => {
    const { lastMinute, lastFiveMinutes } = await readRates(connection, Date.now() + 1000);
    expect(lastMinute.accepted).toBe(lastFiveMinutes.accepted * 5);
    expect(lastMinute).toMatchObject({ accepted: 5, duplicate: 1, dead: 1, failed: 1, normalized: 2 });
    expect((await readRates(connection, Date.now() + 600_000)).lastFiveMinutes.accepted).toBe(0);
  });

  it('tell of one tenant how many of its own got one lately', async () => {
    const nowMs = Date.now() + 1000;
    const { rates } = await readTenantStats(connection, 'hours', nowMs);
    expect(rates.lastMinute).toEqual({ accepted: 5, normalized: 2, duplicate: 1, dead: 1, failed: 1 });
    expect(rates.lastFiveMinutes.normalized).toBe(2 / 5);
    expect((await readTenantStats(connection, 'hours', nowMs + 120_000)).rates).toMatchObject({
      lastMinute: { accepted: 0 },
      lastFiveMinutes: { accepted: 1 },
    });
    expect((await readTenantStats(connection, 'theirs', nowMs)).rates.lastMinute.accepted).toBe(0);
  });
});
