import { NO_TALLY } from '@sluice/contracts/full-sync';
import { createFullSyncStore, toOwnFullSync } from '@sluice/store/full-syncs';
import { createSyncStates } from '@sluice/store/sync-state';
import { beforeEach, describe, expect, it } from 'vitest';
import { startApi, useStores } from './fixtures.ts';

const stores = useStores();
const REASON = 'A test.';

const state = {
  state: 'active',
  ...{ since: new Date(), reason: null, holder: 'replicator-1', backupSeenAt: new Date() },
  ...{ appliedAt: new Date(), lagSeconds: 0, pending: 0, lastSyncAt: null, perSecond: 0 },
  totals: { succeeded: 0, failed: 0, merged: 0, conflicts: 0, timeMs: 0 },
} as const;

async function start() {
  const api = await startApi(stores);
  const syncs = createFullSyncStore(stores.store);
  async function post(url: string, payload?: object) {
    const given = payload === undefined ? {} : { payload };
    const response = await api.server.inject({ method: 'POST', url, ...given });
    return { status: response.statusCode, body: response.json() };
  }
  return { ...api, post, syncs };
}

describe('/api/sync/full', () => {
  beforeEach(async () => {
    const { db } = stores.store;
    await db.collection('operations').deleteMany({ kind: 'fullSync' });
    await db.collection('resume_tokens').deleteMany({});
    await db.collection('audit_log').deleteMany({});
  });

  it('is refused while no replicator was ever there, or it is off', async () => {
    const { post, get } = await start();
    expect(await post('/api/sync/full', { reason: REASON })).toMatchObject({
      status: 409,
      body: { code: 'ERR_SYNC_OFF' },
    });
    const states = createSyncStates(stores.store);
    await states.write({ ...state, state: 'off' }, true);
    expect((await post('/api/sync/full', { reason: REASON })).body.code).toBe('ERR_SYNC_OFF');
    expect((await get('/api/sync/full')).body).toEqual({ current: null, last: null, lastVerifiedAt: null });
  });

  it('starts one, refuses a second one, and is paused, resumed and cancelled, all of it audited', async () => {
    await createSyncStates(stores.store).write(state, true);
    const { post, get } = await start();
    const [one, two] = await Promise.all([
      post('/api/sync/full', { reason: REASON, mode: 'verify', ratePerSecond: 100 }),
      post('/api/sync/full', { reason: REASON, mode: 'verify', ratePerSecond: 100 }),
    ]);
    expect([one.status, two.status].sort()).toEqual([202, 409]);
    const [started, refused] = one.status === 202 ? [one.body, two.body] : [two.body, one.body];
    expect(started).toMatchObject({ mode: 'verify', state: 'planned', actor: 'everybody', reason: REASON });
    expect(refused).toMatchObject({ code: 'ERR_SYNC_RUNNING', detail: expect.stringContaining(started.id) });
    expect((await get('/api/sync/full')).body.current).toEqual(started);
    expect((await post('/api/sync/full/pause')).body).toMatchObject({
      state: 'paused',
      stateReason: 'Paused by everybody.',
    });
    expect((await post('/api/sync/full/resume')).body).toMatchObject({ state: 'planned', stateReason: null });
    expect((await post('/api/sync/full/cancel')).body).toMatchObject({ state: 'cancelled', phase: 'ended' });
    for (const what of ['pause', 'resume', 'cancel']) {
      const again = await post(`/api/sync/full/${what}`);
      expect(again).toMatchObject({ status: 409, body: { code: 'ERR_OPERATION_STATE' } });
    }
    expect((await get('/api/sync/full')).body).toMatchObject({ current: null, last: { id: started.id } });
    const actions = await stores.store.db.collection('audit_log').distinct('action', { reason: REASON });
    expect(actions).toEqual(['createFullSync']);
  });

  it('tells what was found, with the age of each difference', async () => {
    const { get, syncs } = await start();
    const created = await syncs.create({ ...toOwnFullSync('x'), mode: 'verify' }, new Date());
    if ('meets' in created) throw new Error('There is another one.');
    const runner = { id: created._id, fence: 1 };
    const since = new Date('2026-01-02T03:04:05.678Z');
    const sample = {
      kind: 'missing',
      id: '"evt_1"',
      since,
      seenAt: new Date(since.getTime() + 90_000),
    } as const;
    const raw = {
      state: 'comparing',
      ...{ name: 'raw_events', isFresh: false },
      ...{ ...NO_TALLY, compared: 50, total: 200, missing: 1 },
      samples: [sample],
    } as const;
    await syncs.begin(runner, [{ ...raw, state: 'waiting', samples: [] }], new Date());
    await syncs.note(runner, { collections: [raw], currentPerSecond: 25 }, new Date());
    const running = (await get('/api/sync/full')).body.current;
    expect(running).toMatchObject({
      ...{ compared: 50, total: 200, missing: 1, identical: null, etaSeconds: 6, collection: 'raw_events' },
      collections: [{ samples: [{ kind: 'missing', since: since.toISOString(), ageSeconds: 90 }] }],
    });
    const done = { ...raw, state: 'done' } as const;
    await syncs.end(runner, 'done', { collections: [done] }, new Date());
    const { body } = await get('/api/sync/full');
    expect(body).toMatchObject({
      current: null,
      last: { state: 'done', identical: false, etaSeconds: null },
    });
    expect(body.lastVerifiedAt).toBe(body.last.endedAt);
  });

  it('lets only the newest holder of the lease write', async () => {
    const { syncs } = await start();
    const created = await syncs.create(toOwnFullSync('x'), new Date());
    if ('meets' in created) throw new Error('There is another one.');
    const { _id: id } = created;
    await syncs.ask('x', new Date());
    expect(await syncs.begin({ id, fence: 2 }, [], new Date())).toMatchObject({ state: 'running', fence: 2 });
    expect(await syncs.findAsked()).toBeNull();
    expect(await syncs.note({ id, fence: 1 }, { waitingFor: 'nothing' }, new Date())).toBeNull();
    expect(await syncs.note({ id, fence: 3 }, {}, new Date())).toMatchObject({ found: { waitingFor: null } });
    await syncs.end({ id, fence: 2 }, 'done', {}, new Date());
    expect(await syncs.findLive()).toMatchObject({ state: 'running' });
    // Of another backup: its fences begin anew, and whoever ran it is silent.
    expect(await syncs.claim({ id, fence: 1 }, new Date())).toBe(false);
    expect(await syncs.claim({ id, fence: 1 }, new Date(Date.now() + 31_000))).toBe(true);
    expect(await syncs.note({ id, fence: 1 }, {}, new Date())).not.toBeNull();
  });

  it('refuses what it does not know', async () => {
    await createSyncStates(stores.store).write(state, true);
    const { post } = await start();
    for (const body of [{}, { reason: '' }, { reason: REASON, mode: 'delete' }, { reason: REASON, x: 1 }]) {
      expect((await post('/api/sync/full', body)).body.code).toBe('ERR_BODY_INVALID');
    }
    const only = { collection: 'raw_events', ids: ['not json'] };
    expect((await post('/api/sync/full', { reason: REASON, only })).body.code).toBe('ERR_BODY_INVALID');
    expect(
      (
        await post('/api/sync/full', {
          reason: REASON,
          mode: 'verify',
          only: { collection: 'x', ids: ['1'] },
        })
      ).status,
    ).toBe(400);
  });
});
