import { connectStore } from '@sluice/store/connection';
import { expect, it } from 'vitest';
import { NO_MONGO, NO_REDIS, startApi, useStores } from './fixtures.ts';

const stores = useStores();

it('is turned on and off, also without MongoDB, and tells since when', async () => {
  const store = connectStore({ uri: NO_MONGO, appName: 'api-test' });
  const { server, get } = await startApi({ ...stores, store });
  const set = async (on: boolean) =>
    (await server.inject({ method: 'POST', url: '/api/maintenance', payload: { on } })).json();
  expect((await get('/api/maintenance')).body).toEqual({ on: false, since: null });
  const first = await set(true);
  expect(first).toEqual({ on: true, since: expect.stringMatching(/^20.*Z$/) });
  expect(await set(true)).toEqual(first);
  expect((await get('/api/maintenance')).body).toEqual(first);
  expect(await set(false)).toEqual({ on: false, since: null });
  expect((await get('/api/maintenance')).body).toEqual({ on: false, since: null });
  await store.close();
});

it.each([{}, { on: 'yes' }, { on: true, more: 1 }, []])('refuses %j', async (payload) => {
  const { server } = await startApi(stores);
  const response = await server.inject({ method: 'POST', url: '/api/maintenance', payload });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: 'ERR_BODY_INVALID' });
});

it('says 503 while Redis is away', async () => {
  const { server } = await startApi({ ...stores, redisUrl: NO_REDIS });
  const response = await server.inject({ method: 'POST', url: '/api/maintenance', payload: { on: true } });
  expect(response.statusCode).toBe(503);
});
