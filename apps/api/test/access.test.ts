import { mayActAs, ROLES } from '@sluice/contracts/access';
import { mappingSchema } from '@sluice/contracts/mapping';
import { storedSourceSchema } from '@sluice/contracts/source';
import { toKeyId } from '@sluice/protocol/api-key';
import { connectStore } from '@sluice/store/connection';
import { createMappings } from '@sluice/store/mappings';
import { createRejections } from '@sluice/store/rejections';
import { createSourceStore } from '@sluice/store/sources-store';
import { describe, expect, it, vi } from 'vitest';
import { REQUEST_EXAMPLES } from '../src/openapi/examples.ts';
import { type Route, startGuardedApi } from './access-fixtures.ts';
import { createPipeline, NO_MONGO, toEvent, useStores } from './fixtures.ts';

const stores = useStores();

/** What stands in data of the default tenant, and in no id. */
const MARKER = 'hidden-of-default';

function toUrl({ url }: Route, ids: Readonly<Record<string, string>> = {}): string {
  const path = url.replace('*', 'x').replace(/:(\w+)/g, (_all, name: string) => {
    const named = Object.entries(ids).find(([prefix]) => url.startsWith(prefix));
    return name === 'revision' ? '1' : (named?.[1] ?? 'x');
  });
  return path === '' ? '/' : path;
}

function toBody({ method, url }: Route) {
  if (!['POST', 'PUT', 'PATCH'].includes(method)) return {};
  const example = REQUEST_EXAMPLES[url.replace(/:(\w+)/g, '{$1}')];
  return example === undefined ? {} : { payload: example as object };
}

function isStream({ url }: Route): boolean {
  return url.startsWith('/stream');
}

describe('every route', () => {
  it('names who may use it, and lets only those in', async () => {
    const { routes, addKey, call } = await startGuardedApi(stores);
    const held = await Promise.all(ROLES.map(async (role) => [role, await addKey(role)] as const));
    await addKey('admin');
    expect(routes.length).toBeGreaterThan(60);
    for (const route of routes) {
      const { method, url, config } = route;
      const name = `${method} ${url}`;
      const needed = config.role;
      expect(needed, name).toBeDefined();
      if (needed === undefined) continue;
      const nobody = await call(method, toUrl(route), undefined, toBody(route));
      if (needed === 'anybody') {
        // The key of its example is refused by the handler, not by a guard.
        if (url !== '/api/session') expect([401, 403], name).not.toContain(nobody.status);
        continue;
      }
      expect(nobody.status, `${name} without a key`).toBe(401);
      expect(nobody.headers['www-authenticate'], name).toMatch(/^Bearer/);
      for (const [role, key] of held) {
        const { status, body } = await call(method, toUrl(route), key, toBody(route));
        if (mayActAs(role, needed)) expect([401, 403], `${name} as ${role}`).not.toContain(status);
        else {
          expect(status, `${name} as ${role}`).toBe(403);
          if (method !== 'HEAD') expect(body, name).toMatchObject({ code: 'ERR_FORBIDDEN' });
        }
      }
    }
  });

  it('that concerns all tenants takes a key of the default one', async () => {
    const { routes, addKey, call } = await startGuardedApi(stores);
    const admin = await addKey('admin', { tenant: 'acme' });
    await addKey('admin', { tenant: 'acme' });
    for (const route of routes.filter(({ config }) => config.role !== 'anybody')) {
      const { method, url, config } = route;
      const { status } = await call(method, toUrl(route), admin, toBody(route));
      if (config.scope === 'system') expect(status, `${method} ${url}`).toBe(403);
      else expect([401, 403], `${method} ${url}`).not.toContain(status);
    }
    const concerned = routes.filter(({ config }) => config.scope === 'system').map(({ url }) => url);
    expect(concerned).toEqual(expect.arrayContaining(['/api/maintenance', '/admin/queues/api/queues']));
  });

  it('tells nothing of another tenant and changes nothing there', async () => {
    const { routes, addKey, call } = await startGuardedApi(stores);
    const owner = await addKey('admin', { name: MARKER });
    await addKey('admin');
    const acme = { tenant: 'acme' };
    const stranger = await addKey('admin', acme);
    await addKey('admin', acme);
    const pipeline = await createPipeline(stores);
    const waiting = await pipeline.submit(
      toEvent({ metric: 'x', amount: 2, note: MARKER }, { source: 'own' }),
    );
    const worker = pipeline.startWorker();
    const { id } = await pipeline.submit(
      toEvent({ metric: 'x', amount: 1, note: MARKER }, { source: 'own' }),
    );
    await vi.waitFor(async () =>
      expect((await call('GET', `/api/events/${id}`, owner)).body.status).toBe('normalized'),
    );
    await worker.close();
    const source = { id: 'own', kind: 'push', secrets: [], ceSource: MARKER };
    await createSourceStore(stores.store).create(storedSourceSchema.parse(source));
    const mapping = mappingSchema.parse({
      type: MARKER,
      fields: { amount: { from: 'amount', as: 'number' } },
    });
    await createMappings(stores.store).createDraft('own', mapping);
    await createRejections(stores.store).insertMany([
      {
        ...{ at: new Date(), tenant: 'default', source: 'own', code: 'ERR_JSON_INVALID', status: 400 },
        ...{
          cause: 'ERR_JSON_INVALID',
          detail: MARKER,
          requestId: 'r',
          method: 'POST',
          path: '/',
          remote: '::1',
        },
        ...{ headers: {}, body: Buffer.from(MARKER) },
      },
    ]);
    const ids = {
      '/api/events': id,
      '/api/sources': 'own',
      '/api/keys': toKeyId(owner) ?? '',
    };
    const own = [
      '/api/sources/own',
      `/api/events/${id}`,
      '/api/sources/own/mapping',
      '/api/keys',
      '/api/rejections',
    ];
    const readOwn = async () =>
      Promise.all(
        own.map(async (url) => (await call('GET', url, owner)).text.replace(/"lastUsedAt":[^,}]+/g, '')),
      );
    const before = await readOwn();
    for (const text of before) expect(text).toContain(MARKER);

    const used = routes.filter((route) => route.config.role !== 'anybody' && !isStream(route));
    for (const route of used) {
      const { method, url } = route;
      const { status, text } = await call(method, toUrl(route, ids), stranger, toBody(route));
      expect(text, `${method} ${url}`).not.toContain(MARKER);
      expect(status, `${method} ${url}`).not.toBe(500);
      const isOfOwn = Object.keys(ids).some((prefix) => url.startsWith(`${prefix}/:id`));
      if (isOfOwn && method !== 'HEAD') expect([400, 404, 409], `${method} ${url}`).toContain(status);
    }
    const unread = await call('GET', `/api/events/${waiting.id}`, stranger);
    expect(unread.status).toBe(404);
    expect(await readOwn()).toEqual(before);
  });
});

describe('the guard', () => {
  it('says 503, never 401, when nobody can check a key, and takes mirrored ones', async () => {
    const { addKey, keys, mirror } = await startGuardedApi(stores);
    const [copied, other] = [await addKey('viewer'), await addKey('viewer')];
    const record = await keys.read(toKeyId(copied) ?? '');
    if (record !== null) await mirror.writeAll([record]);
    const store = connectStore({ uri: NO_MONGO, appName: 'api-test', operationTimeoutMs: 300 });
    const { call } = await startGuardedApi({ ...stores, store });
    expect((await call('GET', '/api/maintenance', copied)).status).toBe(200);
    const unchecked = await call('GET', '/api/maintenance', other);
    expect([unchecked.status, unchecked.body.code]).toEqual([503, 'ERR_UNAVAILABLE']);
    expect(unchecked.headers['retry-after']).toBeDefined();
    await store.close();
  });

  it('leads a person to the sign-in, and tells a program what is missing', async () => {
    const { call, addKey } = await startGuardedApi(stores);
    const page = await call('GET', '/admin/queues?x=1', undefined, { headers: { accept: 'text/html,*/*' } });
    expect([page.status, page.headers.location]).toEqual([302, '/sign-in?next=%2Fadmin%2Fqueues%3Fx%3D1']);
    const script = await call('GET', '/admin/queues/api/queues');
    expect([script.status, script.body.code]).toEqual([401, 'ERR_UNAUTHENTICATED']);
    expect((await call('GET', '/sign-in')).status).toBe(200);
    const viewer = await addKey('viewer');
    expect((await call('GET', '/admin/queues/api/queues', viewer)).status).toBe(200);
    const retry = '/admin/queues/api/queues/events/x/retry';
    expect((await call('PUT', retry, viewer)).body).toMatchObject({ code: 'ERR_FORBIDDEN' });
    expect([401, 403]).not.toContain((await call('PUT', retry, await addKey('operator'))).status);
  });
});
