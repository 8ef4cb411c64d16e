import { toKeyId } from '@sluice/protocol/api-key';
import { toCollection } from '@sluice/store/collections';
import { describe, expect, it } from 'vitest';
import { startGuardedApi } from './access-fixtures.ts';
import { useStores } from './fixtures.ts';

const stores = useStores();

/** An api whose clock a test can put forward. */
async function start() {
  let aheadMs = 0;
  const api = await startGuardedApi({ ...stores, now: () => Date.now() + aheadMs });
  const tenant = `t-${Math.random()}`;
  const admin = await api.addKey('admin', { tenant, name: 'ada' });
  const create = (payload: object) => api.call('POST', '/api/keys', admin, { payload });
  const pass = (ms: number) => {
    aheadMs += ms;
  };
  return { ...api, admin, tenant, create, pass };
}

describe('API keys', () => {
  it('are shown whole once, work at once, and are listed by their public part', async () => {
    const { admin, create, call } = await start();
    const made = await create({ name: 'Grafana', role: 'viewer', expiresAt: '2099-01-01T00:00:00Z' });
    expect(made).toMatchObject({
      status: 201,
      headers: { 'cache-control': 'no-store' },
      body: { name: 'Grafana', role: 'viewer', createdBy: 'ada', revokedAt: null, lastUsedAt: null },
    });
    const { key, ...shown } = made.body;
    expect((await call('GET', '/api/session', key)).body).toMatchObject({
      ...{ name: 'Grafana', role: 'viewer', keyId: shown.id, expiresAt: '2099-01-01T00:00:00.000Z' },
    });
    const listed = await call('GET', '/api/keys?limit=1', admin);
    expect(listed.body.items).toEqual([shown]);
    expect(listed.text).not.toContain(key);
    const rest = await call('GET', `/api/keys?limit=1&cursor=${listed.body.nextCursor}`, admin);
    expect(rest.body).toMatchObject({ items: [{ name: 'ada' }], nextCursor: null });
    const stored = await toCollection(stores.store, 'api_keys').findOne({ _id: shown.id });
    expect(JSON.stringify(stored)).not.toContain(key.slice(17));
  });

  it('stop working when they are revoked, within 5 s, and revoking again changes nothing', async () => {
    const { admin, create, call, pass } = await start();
    const { key, id } = (await create({ name: 'x', role: 'viewer' })).body;
    expect((await call('GET', '/api/keys', key)).status).toBe(403);
    const revoked = await call('DELETE', `/api/keys/${id}`, admin);
    expect(revoked.body).toMatchObject({ id, revokedAt: expect.any(String) });
    expect((await call('DELETE', `/api/keys/${id}`, admin)).body).toEqual(revoked.body);
    pass(5000);
    expect((await call('GET', '/api/session', key)).status).toBe(401);
  });

  it('stop working when their time is over', async () => {
    const { create, call, pass } = await start();
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const { key } = (await create({ name: 'x', role: 'viewer', expiresAt })).body;
    expect((await call('GET', '/api/session', key)).status).toBe(200);
    pass(60_000);
    expect((await call('GET', '/api/session', key)).status).toBe(401);
  });

  it('keep one admin key of each tenant, also when two admins revoke each other', async () => {
    const { admin, tenant, addKey, call } = await start();
    const own = `/api/keys/${toKeyId(admin)}`;
    const refused = await call('DELETE', own, admin);
    expect([refused.status, refused.body.code]).toEqual([409, 'ERR_KEY_LAST_ADMIN']);
    const other = await addKey('admin', { tenant });
    const answers = await Promise.all([
      call('DELETE', own, other),
      call('DELETE', `/api/keys/${toKeyId(other)}`, admin),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it.each([
    [{ role: 'viewer' }, '/name'],
    [{ name: 'x', role: 'king' }, '/role'],
    [{ name: '', role: 'viewer' }, '/name'],
    [{ name: 'a\u0000b', role: 'viewer' }, '/name'],
    [{ name: 'x', role: 'viewer', sources: ['shop'] }, '/sources'],
    [{ name: 'x', role: 'sender', sources: ['a b'] }, '/sources/0'],
    [{ name: 'x', role: 'viewer', expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
    [{ name: 'x', role: 'viewer', tenant: 'other' }, '/tenant'],
  ])('refuse %j', async (payload, pointer) => {
    const { create } = await start();
    const { status, body } = await create(payload);
    expect([status, body.code, body.errors[0].pointer]).toEqual([400, 'ERR_BODY_INVALID', pointer]);
  });

  it('of another tenant are not there', async () => {
    const { call, addKey } = await start();
    const { admin } = await start();
    const id = toKeyId(await addKey('viewer', { tenant: 'elsewhere' }));
    expect((await call('DELETE', `/api/keys/${id}`, admin)).status).toBe(404);
    expect((await call('DELETE', '/api/keys/slk_', admin)).status).toBe(404);
  });
});
