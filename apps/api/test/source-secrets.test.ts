import { createSecretBox } from '@sluice/sources/secret-box';
import { openSource } from '@sluice/sources/source-sealer';
import { createSourceStore } from '@sluice/store/sources-store';
import { expect, it } from 'vitest';
import { startGuardedApi } from './access-fixtures.ts';
import { SECRETS_KEY, startApi, useStores } from './fixtures.ts';

const stores = useStores();
const sources = createSourceStore(stores.store);
const POLL = {
  ...{ kind: 'poll', url: 'https://erp.example.com/orders', schedule: '0 * * * * *', idPath: 'id' },
  cursor: { kind: 'id', param: 'after', path: 'id' },
};

async function start() {
  const { server } = await startApi(stores);
  return async (method: 'POST' | 'PUT', url: string, payload: object) => {
    const response = await server.inject({ method, url, payload });
    return { status: response.statusCode, body: response.json() };
  };
}

it.each([
  'SECRETS_KEY',
  'SECRETS_KEYS_OLD',
  'MONGODB_URI',
  'REDIS_URL',
  'AWS_SECRET_ACCESS_KEY',
  'PGPASSWORD',
])("reads no variable for a source that is our own, or the platform's: %s", async (env) => {
  const call = await start();
  for (const [source, pointer] of [
    [{ id: 'reads-env', ...POLL, auth: { type: 'bearer', secret: { env } } }, '/auth/secret'],
    [{ id: 'reads-env', kind: 'push', scheme: 'github', secrets: [{ env }] }, '/secrets/0'],
  ] as const) {
    const { body } = await call('POST', '/api/sources', source);
    expect(body).toMatchObject({ status: 400, code: 'ERR_BODY_INVALID' });
    expect(body.errors).toEqual([{ pointer, detail: expect.stringContaining('is not for sources') }]);
  }
});

it('sends a stored secret to no other host than the one it was given for', async () => {
  const call = await start();
  const source = { id: 'erp', ...POLL, auth: { type: 'bearer', secret: { value: 'hunter2' } } };
  await call('POST', '/api/sources', source);
  const kept = { ...source, auth: { type: 'bearer', secret: { set: true } } };
  for (const url of [
    'https://evil.example.com/orders',
    'http://erp.example.com/orders',
    'https://erp.example.com:444/',
  ]) {
    const { body } = await call('PUT', '/api/sources/erp', { ...kept, url });
    expect(body).toMatchObject({
      status: 400,
      errors: [{ pointer: '/auth/secret', detail: expect.stringContaining('give it again') }],
    });
  }
  const moved = await call('PUT', '/api/sources/erp', { ...kept, url: 'https://erp.example.com/v2/orders' });
  expect(moved.status).toBe(200);
  const record = await sources.get('erp');
  expect(record?.source && openSource(record.source, createSecretBox({ key: SECRETS_KEY }))).toMatchObject({
    auth: { secret: { value: 'hunter2' } },
  });
});

it('takes the longest secret that there may be, and shows the source again', async () => {
  const call = await start();
  const secrets = [{ value: '\u{1F511}'.repeat(2048) }];
  const source = { id: 'long', kind: 'push', scheme: 'github', secrets };
  expect((await call('POST', '/api/sources', source)).status).toBe(201);
  expect(await sources.get('long')).toMatchObject({ id: 'long' });
  const longer = { ...source, id: 'longer', secrets: [{ value: 'x'.repeat(4097) }] };
  expect((await call('POST', '/api/sources', longer)).body).toMatchObject({ code: 'ERR_BODY_INVALID' });
  expect(await sources.get('longer')).toBeNull();
});

it('lets nobody but an admin name a variable, or send what one holds elsewhere', async () => {
  const { call, addKey } = await startGuardedApi(stores);
  const [admin, operator] = [await addKey('admin'), await addKey('operator')];
  const toPoll = (env: string, url = POLL.url) => {
    return { id: 'guarded', ...POLL, url, auth: { type: 'bearer', secret: { env } } };
  };
  const toPush = (...names: readonly string[]) => {
    return { id: 'hooked', kind: 'push', scheme: 'github', secrets: names.map((env) => ({ env })) };
  };
  const send = (
    method: 'POST' | 'PUT',
    key: string,
    payload: { readonly id: string; readonly [field: string]: unknown },
  ) => call(method, method === 'POST' ? '/api/sources' : `/api/sources/${payload.id}`, key, { payload });

  const refused = await send('POST', operator, toPoll('ERP_TOKEN'));
  expect(refused.body).toMatchObject({
    ...{ status: 403, code: 'ERR_FORBIDDEN', detail: expect.stringContaining('takes the role admin') },
    errors: [{ pointer: '/auth/secret', detail: expect.stringContaining('ERP_TOKEN') }],
  });
  expect(await sources.get('guarded')).toBeNull();
  expect((await send('POST', operator, toPush('HOOK_SECRET'))).status).toBe(403);
  expect((await send('POST', admin, toPoll('ERP_TOKEN'))).status).toBe(201);
  expect((await send('POST', admin, toPush('HOOK_SECRET'))).status).toBe(201);

  // What does not touch the secret is an operator's to change.
  const slower = { ...toPoll('ERP_TOKEN', `${POLL.url}/v2`), schedule: '0 0 * * * *' };
  expect((await send('PUT', operator, slower)).status).toBe(200);
  expect((await send('PUT', operator, { ...toPush('HOOK_SECRET'), type: 'order' })).status).toBe(200);
  for (const changed of [
    toPoll('OTHER_TOKEN'),
    toPoll('ERP_TOKEN', 'https://evil.example.com/orders'),
    toPush('HOOK_SECRET', 'ERP_TOKEN'),
    { ...toPush('ERP_TOKEN'), id: 'guarded' },
    { ...toPoll('HOOK_SECRET'), id: 'hooked' },
  ]) {
    const { status, body } = await send('PUT', operator, changed);
    expect([status, body.code], JSON.stringify(changed)).toEqual([403, 'ERR_FORBIDDEN']);
  }
  expect((await send('PUT', admin, toPoll('OTHER_TOKEN', 'https://erp2.example.com/'))).status).toBe(200);
  const own = { ...toPush(), secrets: [{ value: 'hunter2' }] };
  expect((await send('PUT', operator, own)).status).toBe(200);
});
