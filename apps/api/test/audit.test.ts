import { toKeyId } from '@sluice/protocol/api-key';
import { toCollection } from '@sluice/store/collections';
import { connectStore } from '@sluice/store/connection';
import { describe, expect, it, vi } from 'vitest';
import { startGuardedApi, toCookie } from './access-fixtures.ts';
import { NO_MONGO, startApi, useStores } from './fixtures.ts';

const stores = useStores();

async function start() {
  const api = await startGuardedApi(stores);
  const tenant = `t-${Math.random()}`;
  const admin = await api.addKey('admin', { tenant, name: 'ada' });
  const list = async (query = '') => (await api.call('GET', `/api/audit${query}`, admin)).body;
  return { ...api, tenant, admin, list };
}

describe('the audit log', () => {
  it('tells who changed what, with the outcome and without secrets', async () => {
    const { call, admin, list } = await start();
    const id = `shop-${Math.random()}`;
    const payload = { id, kind: 'push', scheme: 'github', secrets: [{ value: 'hunter2' }] };
    const created = await call('POST', '/api/sources', admin, { payload });
    expect(created.status).toBe(201);
    expect((await call('POST', `/api/sources/${id}/poll`, admin)).status).toBe(409);
    expect((await call('GET', '/api/sources', admin)).status).toBe(200);
    await vi.waitFor(async () => {
      const { items } = await list();
      expect(items).toMatchObject([
        { action: 'pollSource', params: { id }, changes: null, status: 409, code: 'ERR_SOURCE_NOT_POLLED' },
        { action: 'createSource', status: 201, code: null, requestId: created.headers['x-request-id'] },
      ]);
    });
    const text = JSON.stringify(await list());
    expect(text).not.toContain('hunter2');
    const [, { actor, changes, method, path, remote }] = (await list()).items;
    expect(JSON.parse(changes)).toMatchObject({ id, secrets: '***' });
    expect({ actor, method, path, remote }).toEqual({
      actor: { keyId: toKeyId(admin), name: 'ada', role: 'admin' },
      ...{ method: 'POST', path: '/api/sources', remote: '127.0.0.1' },
    });
  });

  it('names those who were refused for their role, and nobody who has no key', async () => {
    const { call, tenant, addKey, list } = await start();
    const viewer = await addKey('viewer', { tenant, name: 'bob' });
    await call('POST', '/api/sources', viewer, { payload: {} });
    await call('POST', '/api/sources', undefined, { payload: {} });
    await vi.waitFor(async () => {
      expect((await list()).items).toMatchObject([
        { actor: { name: 'bob' }, action: 'createSource', status: 403, code: 'ERR_FORBIDDEN' },
      ]);
    });
  });

  it('keeps what is done on Bull Board', async () => {
    const { call, addKey } = await startGuardedApi(stores);
    const [admin, operator] = [await addKey('admin'), await addKey('operator', { name: 'olga' })];
    await call('PUT', '/admin/queues/api/queues/events/evt_1/retry', operator);
    await call('PUT', '/admin/queues/api/queues/events/clean/completed', operator);
    await vi.waitFor(async () => {
      const { items } = (await call('GET', '/api/audit?actor=olga', admin)).body;
      expect(items).toMatchObject([
        { action: expect.stringContaining('Job'), status: 405 },
        { action: 'retryJob', params: { queueName: 'events', jobId: 'evt_1' } },
      ]);
    });
  });

  it('is filtered by actor, action and time, page by page', async () => {
    const { call, admin, tenant, list, addKey } = await start();
    const other = await addKey('admin', { tenant, name: 'eve' });
    for (const key of [admin, other, admin])
      await call('POST', '/api/keys', key, { payload: { name: 'x', role: 'viewer' } });
    await vi.waitFor(async () => expect((await list()).items).toHaveLength(3));
    expect((await list('?actor=eve')).items).toHaveLength(1);
    expect((await list(`?actor=${toKeyId(admin)}`)).items).toHaveLength(2);
    expect((await list('?action=revokeKey')).items).toEqual([]);
    expect((await list('?to=2020-01-01')).items).toEqual([]);
    expect((await list('?from=2020-01-01&action=createKey')).items).toHaveLength(3);
    const first = await list('?limit=2');
    const second = await list(`?limit=2&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items].map(({ actor }) => actor.name)).toEqual(['ada', 'eve', 'ada']);
    expect(second.nextCursor).toBeNull();
  });

  it('remembers a sign-in that failed, without the key', async () => {
    const { call, addKey } = await startGuardedApi(stores);
    const admin = await addKey('admin');
    const wrong = `slk_abcdefghijkl_${'x'.repeat(43)}`;
    await call('POST', '/api/session', undefined, { payload: { key: wrong } });
    const { items } = (await call('GET', '/api/audit?action=signIn&limit=1', admin)).body;
    expect(items).toMatchObject([{ actor: { keyId: 'slk_abcdefghijkl', role: null }, status: 401 }]);
    expect(JSON.stringify(items)).not.toContain('xxx');
  });

  it('has the entry of a session before that begins and before it ends, and adds what came of it', async () => {
    const { call, addKey, tenant, keys, list } = await start();
    const entries = toCollection(stores.store, 'audit_log');
    const before: unknown[] = [];
    const { createSession, endSession } = keys;
    Object.assign(keys, {
      createSession: async (...session: Parameters<typeof createSession>) => {
        before.push(await entries.findOne({ tenant, action: 'signIn' }));
        return createSession(...session);
      },
      endSession: async (...id: Parameters<typeof endSession>) => {
        before.push(await entries.findOne({ tenant, action: 'signOut' }));
        return endSession(...id);
      },
    });
    const key = await addKey('viewer', { tenant, name: 'bob' });
    const signedIn = await call('POST', '/api/session', undefined, { payload: { key } });
    const headers = { cookie: toCookie(signedIn.headers['set-cookie']), origin: 'http://localhost:80' };
    await call('DELETE', '/api/session', undefined, { headers: { ...headers, host: 'localhost:80' } });
    const open = { status: null, code: null, actor: { name: 'bob', role: 'viewer' } };
    expect(before).toMatchObject([
      { ...open, action: 'signIn' },
      { ...open, action: 'signOut' },
    ]);
    await vi.waitFor(async () => {
      expect((await list('?actor=bob')).items).toMatchObject([
        { action: 'signOut', status: 204, code: null },
        { action: 'signIn', status: 200, code: null, actor: { keyId: toKeyId(key) } },
      ]);
    });
  });

  it('does not stand in the way of maintenance while MongoDB is away', async () => {
    const store = connectStore({ uri: NO_MONGO, appName: 'api-test', operationTimeoutMs: 300 });
    const { server } = await startApi({ ...stores, store });
    const answer = await server.inject({ method: 'POST', url: '/api/maintenance', payload: { on: true } });
    expect([answer.statusCode, answer.json().on]).toEqual([200, true]);
    await server.inject({ method: 'POST', url: '/api/maintenance', payload: { on: false } });
    await store.close();
  });

  it('leaves nothing out that was begun: an entry is there before the handler runs', async () => {
    const { call, admin, tenant } = await start();
    const entries = toCollection(stores.store, 'audit_log');
    await call('POST', '/api/keys', admin, { payload: { name: 'x', role: 'viewer' } });
    const found = await entries.find({ tenant }).toArray();
    expect(found).toMatchObject([{ action: 'createKey' }]);
  });
});
