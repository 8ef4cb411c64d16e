import type { ProcessBeat } from '@sluice/contracts/processes';
import { createRedis } from '@sluice/queue/connection';
import { createProcessRegister } from '@sluice/queue/process-register';
import { toCollection } from '@sluice/store/collections';
import { connectStore } from '@sluice/store/connection';
import { createPollRuns, type PollRunEnd } from '@sluice/store/poll-runs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPipeline, logger, NO_MONGO, startApi, toEvent, useStores } from './fixtures.ts';

const stores = useStores();

const WORKER: ProcessBeat = {
  ...{ instance: 'worker-1', app: 'worker', host: 'here', pid: 1, version: '1.0.0' },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', state: 'holding', since: '2026-01-01T00:00:01.000Z' },
  reason: 'MongoDB is away.',
  serves: [{ queue: 'events', concurrency: 40 }],
  schemaVersions: [1, 2],
  lastMinute: { events: { jobsIn: 0, eventsIn: 0, jobsOut: 3, eventsOut: 5, failed: 1 } },
};

async function openRegister() {
  const redis = createRedis({ url: stores.redisUrl, role: 'producer', logger });
  onTestFinished(() => redis.close());
  await vi.waitFor(() => redis.ping());
  return createProcessRegister({ redis, prefix: stores.prefix });
}

describe('the processes and the queues', () => {
  it('are told as they said themselves', async () => {
    const { get } = await startApi(stores);
    const register = await openRegister();
    await register.beat(WORKER);
    await register.beat({ ...WORKER, instance: 'worker-2', state: 'ended', since: null, reason: null });
    const { status, body } = await get('/api/processes');
    expect(status).toBe(200);
    expect(body.items).toMatchObject([WORKER, { instance: 'worker-2', state: 'ended' }]);
    expect(body.items[0].silentMs).toBeLessThan(10_000);

    const pipeline = await createPipeline(stores);
    await pipeline.submit(toEvent({ n: 1 }));
    await vi.waitFor(async () => {
      const queues = await get('/api/queues');
      expect(queues.body.items).toContainEqual({
        ...{ name: 'events', waiting: 1, active: 0, delayed: 0, failed: 0, parked: 0, paused: false },
        oldestWaitingMs: expect.any(Number),
        processes: { running: 0, holding: 1, concurrency: 0 },
        lastMinute: WORKER.lastMinute.events,
        drainSeconds: 20,
      });
      expect(queues.body).toMatchObject({
        memory: { usedBytes: expect.any(Number), evicts: false },
        maintenance: { on: false, since: null },
      });
    });
  });

  it('are told while MongoDB is away', async () => {
    const away = connectStore({ uri: NO_MONGO, appName: 'away', operationTimeoutMs: 300 });
    onTestFinished(() => away.close());
    const { get } = await startApi({ ...stores, store: away });
    expect((await get('/api/processes')).status).toBe(200);
    expect((await get('/api/queues')).status).toBe(200);
    expect((await get('/api/schedules')).status).toBe(503);
  });
});

describe('the schedules', () => {
  const SOURCE = {
    ...{ kind: 'poll', url: 'https://erp.example.com/orders', schedule: '0 0 3 * * *', idPath: 'id' },
    cursor: { kind: 'id', param: 'after', path: 'id' },
  };
  const END: PollRunEnd = {
    ...{ outcome: 'polled', pages: 1, records: 3, accepted: 2, duplicates: 1, error: null, cursorAfter: '7' },
    problems: { count: 0, first: [] },
    endedAt: new Date('2030-06-01T03:00:02Z'),
  };

  it('are listed with their runs, and tell what is late', async () => {
    const nowMs = Date.parse('2030-06-03T03:06:00Z');
    const { server, get } = await startApi({ ...stores, now: () => nowMs });
    for (const id of ['late', 'paused', 'fresh']) {
      const payload = { ...SOURCE, id };
      expect((await server.inject({ method: 'POST', url: '/api/sources', payload })).statusCode).toBe(201);
    }
    const push = { id: 'sends', kind: 'push' };
    await server.inject({ method: 'POST', url: '/api/sources', payload: push });
    await server.inject({ method: 'POST', url: '/api/sources/paused/pause' });
    const runs = createPollRuns(stores.store);
    const slot = Date.parse('2030-06-01T03:00:00Z') / 1000;
    const at = {
      source: 'late',
      slot,
      scheduler: 's-1',
      startedAt: new Date(slot * 1000),
      cursorBefore: '3',
    };
    await runs.end(await runs.begin(at), END);
    const today = Date.parse('2030-06-03T03:00:00Z') / 1000;
    await runs.begin({ ...at, source: 'fresh', slot: today, startedAt: new Date(today * 1000) });

    const { status, body } = await get('/api/schedules');
    expect(status).toBe(200);
    const items = body.items as { id: string }[];
    expect(items.map(({ id }) => id)).toEqual(['fresh', 'late', 'paused']);
    expect(items).toMatchObject([
      { id: 'fresh', dueAt: null, missed: 0, runs: [{ outcome: 'running' }] },
      {
        ...{ id: 'late', dueAt: '2030-06-02T03:00:00.000Z', missed: 2, cursor: '7', paused: false },
        runs: [{ outcome: 'polled', records: 3, cursorAfter: '7' }],
      },
      { id: 'paused', paused: true, nextRunAt: null, dueAt: null, runs: [] },
    ]);

    // What was due while it was paused does not count.
    const changed = { $set: { updatedAt: new Date(0) } };
    await toCollection(stores.store, 'sources').updateOne({ _id: 'paused' }, changed);
    expect((await server.inject({ method: 'POST', url: '/api/sources/paused/resume' })).statusCode).toBe(200);
    const resumed = await startApi(stores);
    expect((await resumed.get('/api/schedules')).body.items).toContainEqual(
      expect.objectContaining({ id: 'paused', paused: false, missed: 0, dueAt: null }),
    );
  });
});
