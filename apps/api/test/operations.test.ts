import { randomBytes } from 'node:crypto';
import type { RawEventDocument } from '@sluice/contracts/event';
import { toCollection } from '@sluice/store/collections';
import { connectStore } from '@sluice/store/connection';
import { createEventStore } from '@sluice/store/event-store';
import { createOperationSets } from '@sluice/store/operation-sets';
import { describe, expect, it } from 'vitest';
import { createPipeline, NO_MONGO, startApi, toEvent, useStores } from './fixtures.ts';

const stores = useStores();
const NOWHERE_ID = 'evt_00000000000000000000000000000000';
const NO_OPERATION = 'op_000000000000000000000000';

async function start() {
  const api = await startApi(stores);
  async function post(url: string, payload: object | null = null) {
    const response = await api.server.inject({
      ...{ method: 'POST', url },
      ...(payload === null ? {} : { payload }),
    });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  }
  return { ...api, post };
}

/** Stores dead letters of a source of their own. */
async function storeDead(count: number, fields: Partial<RawEventDocument> = {}) {
  const source = `s-${randomBytes(4).toString('hex')}`;
  const now = new Date();
  const dead = Array.from({ length: count }, (_, n): RawEventDocument => {
    const event = toEvent({ n, source }, { source });
    const { eventId, tenant, via, form, idempotencyKey, keyOrigin, contentHash, contentType } = event;
    return {
      ...{ _id: eventId, tenant, source, via, form, idempotencyKey, keyOrigin, contentHash, contentType },
      ...{ headers: event.headers, body: Buffer.from(event.body), schemaVersion: 1, status: 'dead' },
      receivedAt: new Date(event.receivedAt),
      ...{ run: 0, attempts: 8, storedAt: now, updatedAt: now, code: 'ERR_UNEXPECTED' },
      message: `connect ECONNREFUSED 10.0.0.${n}:27017`,
      fingerprint: `1-${source}`,
      ...fields,
    };
  });
  const plan = { normalized: [], rawInserts: dead, rawUpdates: [], receipts: [], inboxDone: [] };
  expect(await createEventStore(stores.store).commit(plan)).toBe('committed');
  return { source, ids: dead.map(({ _id }) => _id) };
}

/** Does what a scheduler does, up to the queue. */
function useRunner(operation: string) {
  const sets = createOperationSets(stores.store);
  const runner = { operation, fence: 1 };
  return {
    async freeze() {
      while ((await sets.freeze(runner, new Date())) === 'more');
    },
    async take(limit: number): Promise<string[]> {
      const events = await sets.listPlanned(operation, limit);
      const turns = events.map(({ _id: id, run, attempts }) => ({
        ...{ id, expect: { run, attempts }, run: run + 1 },
      }));
      expect(await sets.take(runner, turns, new Date())).toBe('taken');
      return events.map(({ _id }) => _id);
    },
    async discard() {
      while ((await sets.discard(runner, new Date())).result === 'more');
    },
    async close() {
      while ((await sets.release(runner)) > 0);
      await sets.close(runner, new Date());
    },
    async settle(ids: readonly string[], set: object) {
      const filter = { _id: { $in: ids as never } };
      await stores.store.db.collection('raw_events').updateMany(filter, { $set: set });
    },
  };
}

describe('POST /api/replays', () => {
  it('tells the plan, then starts the same, and refuses a second one of the same events', async () => {
    const { post, get } = await start();
    const { source } = await storeDead(7);
    const request = { filter: { source }, ratePerSecond: 50, reason: 'The cause is gone.' };
    const plan = await post('/api/replays', { ...request, dryRun: true });
    expect(plan).toMatchObject({
      ...{
        status: 200,
        body: { count: 7, bySource: { [source]: 7 }, byFingerprint: { [`1-${source}`]: 7 } },
      },
    });
    const started = await post('/api/replays', request);
    expect(started).toMatchObject({
      status: 202,
      headers: { location: `/api/replays/${started.body.id}` },
      body: {
        ...{ state: 'planned', planned: 7, enqueued: 0, remaining: 7, ratePerSecond: 50, actor: 'everybody' },
        ...{ reason: 'The cause is gone.', filter: { status: 'dead', source }, settled: false },
      },
    });
    expect((await get(`/api/replays/${started.body.id}`)).body).toEqual({
      ...{ ...started.body, failedAgainIds: [], nextCursor: null },
    });
    for (const filter of [{ source }, {}, { code: 'ERR_UNEXPECTED' }]) {
      const second = await post('/api/replays', { ...request, filter });
      expect(second).toMatchObject({ status: 409, body: { code: 'ERR_REPLAY_RUNNING' } });
      expect(second.body.detail).toContain(started.body.id);
    }
    const { body } = await get('/api/replays?limit=500&state=planned');
    expect(body.items).toContainEqual(started.body);
    expect((await post(`/api/replays/${started.body.id}/cancel`)).status).toBe(200);
  });

  it('takes exactly the set of a plan whose watermark is sent, whatever died since', async () => {
    const { post } = await start();
    const { source } = await storeDead(4);
    const plan = await post('/api/replays', { filter: { source }, dryRun: true });
    await storeDead(3, { source, updatedAt: new Date(Date.parse(plan.body.watermark) + 1) });
    const request = { filter: { source }, watermark: plan.body.watermark };
    expect((await post('/api/replays', { ...request, dryRun: true })).body).toEqual(plan.body);
    const started = await post('/api/replays', request);
    expect(started.body).toMatchObject({ planned: 4, plan: plan.body });
    const runner = useRunner(started.body.id);
    await runner.freeze();
    expect(await runner.take(100)).toHaveLength(4);
    expect((await post(`/api/replays/${started.body.id}/cancel`)).status).toBe(200);
  });

  it('takes no watermark that is still to come', async () => {
    const { post } = await start();
    const { source } = await storeDead(1);
    const before = Date.now();
    const plan = { filter: { source }, dryRun: true, watermark: '2999-01-01T00:00:00Z' };
    const { body } = await post('/api/replays', plan);
    expect(Date.parse(body.watermark)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(body.watermark)).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    [{}, '/filter'],
    [{ filter: { status: 'failed' } }, '/filter/status'],
    [{ filter: { source: { $ne: 'x' } } }, '/filter/source'],
    [{ filter: { colour: 'red' } }, '/filter/colour'],
    [{ filter: { ids: ['x'] } }, '/filter/ids/0'],
    [{ filter: { ids: [] } }, '/filter/ids'],
    [{ filter: { from: 'yesterday' } }, '/filter/from'],
    [{ filter: { from: '2026-01-02', to: '2026-01-01' } }, '/filter/to'],
    [{ filter: {}, ratePerSecond: 0 }, '/ratePerSecond'],
    [{ filter: {}, ratePerSecond: 1001 }, '/ratePerSecond'],
    [{ filter: {}, stopAtFailureShare: 2 }, '/stopAtFailureShare'],
    [{ filter: {}, reason: ' ' }, '/reason'],
    [{ filter: {}, watermark: 'now' }, '/watermark'],
    [{ filter: {}, now: true }, '/now'],
  ])('refuses %j', async (request, pointer) => {
    const { post } = await start();
    const { status, body } = await post('/api/replays', request);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'ERR_BODY_INVALID', errors: [{ pointer }] });
  });
});

describe('a replay', () => {
  it('of an earlier build is shown and comes to its end, although its filter would be refused now', async () => {
    const { post, get } = await start();
    const { source } = await storeDead(1);
    const { body } = await post('/api/replays', { filter: { source } });
    const filter = { status: 'dead', source, from: '2026-01-02', to: '2026-01-01' } as const;
    await toCollection(stores.store, 'operations').updateOne({ _id: body.id }, { $set: { filter } });
    expect(await get(`/api/replays/${body.id}`)).toMatchObject({ status: 200, body: { filter } });
    const runner = useRunner(body.id);
    await runner.freeze();
    await runner.close();
    expect((await get(`/api/replays/${body.id}`)).body).toMatchObject({ state: 'done', planned: 0 });
  });

  it('tells how far it is, is paused, resumed and cancelled, and tells both numbers then', async () => {
    const { post, get } = await start();
    const { source, ids } = await storeDead(20);
    const { body } = await post('/api/replays', { filter: { source } });
    const runner = useRunner(body.id);
    await runner.freeze();
    const taken = await runner.take(12);
    await runner.settle(taken.slice(0, 4), { status: 'normalized' });
    await runner.settle(taken.slice(4, 5), { status: 'duplicate' });
    await runner.settle(taken.slice(5, 8), { status: 'dead', fingerprint: `1-${source}` });
    const path = `/api/replays/${body.id}`;
    const progress = { enqueued: 12, succeeded: 4, duplicate: 1, failedAgain: 3, inFlight: 4, remaining: 8 };
    const running = await get(`${path}?limit=2`);
    expect(running.body).toMatchObject({
      state: 'running',
      planned: 20,
      skipped: 0,
      etaSeconds: 1,
      ...progress,
    });
    const rest = await get(`${path}?limit=2&cursor=${running.body.nextCursor}`);
    const failed = [...running.body.failedAgainIds, ...rest.body.failedAgainIds];
    expect(failed.toSorted()).toEqual(taken.slice(5, 8).toSorted());
    expect(rest.body.nextCursor).toBeNull();

    expect((await post(`${path}/resume`)).body).toMatchObject({ code: 'ERR_OPERATION_STATE' });
    expect((await post(`${path}/pause`)).body).toMatchObject({
      ...{ state: 'paused', stateReason: 'Paused by everybody.', etaSeconds: null, ...progress },
    });
    expect((await post(`${path}/resume`)).body).toMatchObject({ state: 'running', stateReason: null });
    const cancelled = await post(`${path}/cancel`);
    expect(cancelled).toMatchObject({
      status: 200,
      body: { ...progress, state: 'cancelled', stopped: 8, inFlight: 4, remaining: 0, settled: false },
    });
    for (const action of ['pause', 'resume', 'cancel']) {
      expect(await post(`${path}/${action}`)).toMatchObject({
        status: 409,
        body: { code: 'ERR_OPERATION_STATE' },
      });
    }
    await runner.settle(taken.slice(8), { status: 'normalized' });
    await runner.close();
    const over = await get(`${path}?limit=2`);
    expect(over.body).toMatchObject({ settled: true, succeeded: 8, failedAgain: 3, inFlight: 0, stopped: 8 });
    const last = await get(`${path}?limit=2&cursor=${over.body.nextCursor}`);
    const kept = [...over.body.failedAgainIds, ...last.body.failedAgainIds];
    expect(kept.toSorted()).toEqual(failed.toSorted());
    // A later replay of the same events changes nothing in what this one tells.
    const again = await post('/api/replays', { filter: { ids } });
    expect(again.body).toMatchObject({ state: 'planned', planned: 11 });
    await useRunner(again.body.id).freeze();
    expect((await get(path)).body).toMatchObject({
      failedAgain: 3,
      failedAgainIds: expect.arrayContaining(kept),
    });
    await post(`/api/replays/${again.body.id}/cancel`);
  });

  it('is unknown to another tenant, and so is what never was', async () => {
    const { post, get } = await start();
    const { source } = await storeDead(1);
    const { body } = await post('/api/replays', { filter: { source } });
    const operations = stores.store.db.collection<{ _id: string }>('operations');
    await operations.updateOne({ _id: body.id }, { $set: { tenant: 'theirs' } });
    for (const id of [body.id, NO_OPERATION]) {
      expect((await get(`/api/replays/${id}`)).body).toMatchObject({ code: 'ERR_NOT_FOUND' });
      expect((await post(`/api/replays/${id}/cancel`)).body).toMatchObject({ code: 'ERR_NOT_FOUND' });
      expect((await get(`/api/discards/${id}`)).body).toMatchObject({ code: 'ERR_NOT_FOUND' });
    }
    expect(JSON.stringify((await get('/api/replays?limit=500')).body)).not.toContain(body.id);
    expect((await get('/api/replays/op_1')).status).toBe(404);
  });

  it('is not answered for while MongoDB is away', async () => {
    const store = connectStore({ uri: NO_MONGO, appName: 'nobody', operationTimeoutMs: 300 });
    const api = await startApi({ ...stores, store });
    const payload = { filter: {} };
    const response = await api.server.inject({ method: 'POST', url: '/api/replays', payload });
    expect(response.json()).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE' });
    await store.close();
  });
});

describe('POST /api/events/:id/replay', () => {
  it('starts a replay of a dead event, and refuses one that is in hand', async () => {
    const { post } = await start();
    const { ids } = await storeDead(1);
    const path = `/api/events/${ids[0]}/replay`;
    const started = await post(path, { reason: 'why not' });
    expect(started).toMatchObject({
      status: 202,
      headers: { location: `/api/replays/${started.body.id}` },
      body: { event: ids[0], planned: 1, state: 'planned', reason: 'why not' },
    });
    expect((await post(path)).body).toMatchObject({ code: 'ERR_REPLAY_RUNNING' });
    const runner = useRunner(started.body.id);
    await runner.freeze();
    expect((await post(path)).body).toMatchObject({ code: 'ERR_REPLAY_RUNNING' });
    expect(await runner.take(5)).toEqual(ids);
    expect((await post(path)).body).toMatchObject({ code: 'ERR_EVENT_NOT_DEAD' });
    await runner.settle(ids, { status: 'normalized' });
    await runner.close();
    expect((await post(path)).body).toMatchObject({ code: 'ERR_EVENT_NOT_DEAD' });
  });

  it('refuses what is unknown, in the queue, or not dead', async () => {
    const { post } = await start();
    const pipeline = await createPipeline(stores);
    const { id } = await pipeline.submit(toEvent({ n: 'queued' }, { source: 'queued' }));
    expect(await post(`/api/events/${id}/replay`)).toMatchObject({
      ...{ status: 409, body: { code: 'ERR_EVENT_NOT_DEAD', detail: 'The event is pending, not dead.' } },
    });
    expect((await post(`/api/events/${NOWHERE_ID}/replay`)).status).toBe(404);
    const { ids } = await storeDead(1, { status: 'failed' });
    expect((await post(`/api/events/${ids[0]}/replay`)).status).toBe(409);
    const theirs = await storeDead(1, { tenant: 'theirs' });
    expect((await post(`/api/events/${theirs.ids[0]}/replay`)).status).toBe(404);
    expect((await post('/api/events/evt_1/replay')).status).toBe(404);
  });
});

describe('discards', () => {
  it('hide one event, or many, and say who and why', async () => {
    const { post, get } = await start();
    const { source, ids } = await storeDead(3);
    const count = async (query = '') => (await get(`/api/dead-letters?source=${source}${query}`)).body.total;
    expect((await post(`/api/events/${ids[0]}/discard`, {})).body).toMatchObject({
      code: 'ERR_BODY_INVALID',
    });
    const one = await post(`/api/events/${ids[0]}/discard`, { reason: 'A test of theirs.' });
    expect(one).toMatchObject({ status: 202, body: { event: ids[0], planned: 1, discarded: 0 } });
    await useRunner(one.body.id).discard();
    expect((await get(`/api/discards/${one.body.id}`)).body).toMatchObject({ state: 'done', discarded: 1 });
    expect(await count()).toBe(2);
    expect((await get(`/api/events/${ids[0]}`)).body).toMatchObject({
      ...{ status: 'dead', raw: { discarded: { by: 'everybody', reason: 'A test of theirs.' } } },
    });
    const rest = { filter: { source }, reason: 'The others too.' };
    const backwards = { ...rest, filter: { from: '2026-01-02', to: '2026-01-01' } };
    expect((await post('/api/discards', backwards)).body).toMatchObject({
      ...{ code: 'ERR_BODY_INVALID', errors: [{ pointer: '/filter/to' }] },
    });
    expect((await post('/api/discards', { ...rest, dryRun: true })).body).toMatchObject({ count: 2 });
    const many = await post('/api/discards', rest);
    await useRunner(many.body.id).discard();
    expect((await get(`/api/discards/${many.body.id}`)).body).toMatchObject({ discarded: 2, planned: 2 });
    expect([await count(), await count('&discarded=true')]).toEqual([0, 3]);
    expect((await get(`/api/events/raw?status=dead&source=${source}`)).body.items).toEqual([]);
    const shown = await get(`/api/events/raw?status=dead&source=${source}&discarded=true`);
    expect(shown.body.items).toHaveLength(3);
    expect((await post('/api/replays', { filter: { source }, dryRun: true })).body.count).toBe(0);
    const back = { filter: { source, discarded: true }, dryRun: true };
    expect((await post('/api/replays', back)).body.count).toBe(3);
  });
});

describe('GET /api/dead-letters', () => {
  it('groups what differs only in hosts, ids and numbers', async () => {
    const { get } = await start();
    const { source, ids } = await storeDead(3);
    const { body } = await get(`/api/dead-letters?source=${source}`);
    expect(body).toMatchObject({
      ...{ total: 3, groups: 1 },
      items: [
        {
          ...{ fingerprint: `1-${source}`, stage: 'process', code: 'ERR_UNEXPECTED', count: 3 },
          ...{ message: 'connect ECONNREFUSED <host>', sources: { [source]: 3 } },
        },
      ],
    });
    expect(body.items[0].sampleIds.toSorted()).toEqual(ids.toSorted());
    expect(body.items[0].sparkline).toHaveLength(24);
    const listed = await get(`/api/events/raw?fingerprint=1-${source}`);
    expect(listed.body.items).toHaveLength(3);
    expect(listed.body.items[0]).toMatchObject({ fingerprint: `1-${source}`, replay: null, discarded: null });
    expect((await get('/api/events/raw?status=pending&fingerprint=x')).body.items).toEqual([]);
  });

  it.each(['limit=0', 'limit=1001', 'discarded=maybe', 'from=x', 'source[$ne]=x', 'page=2'])(
    'refuses %s',
    async (query) => {
      const { get } = await start();
      expect((await get(`/api/dead-letters?${query}`)).body).toMatchObject({ code: 'ERR_QUERY_INVALID' });
    },
  );
});
