import { sourceSchema } from '@sluice/contracts/source';
import { createSecretBox } from '@sluice/sources/secret-box';
import { createSourceSealer, openSource } from '@sluice/sources/source-sealer';
import { createCheckpoints } from '@sluice/store/checkpoints';
import { toCollection } from '@sluice/store/collections';
import { createMappings } from '@sluice/store/mappings';
import { createPollRuns } from '@sluice/store/poll-runs';
import { createSourceStore } from '@sluice/store/sources-store';
import { describe, expect, it } from 'vitest';
import { createPipeline, SECRETS_KEY, startApi, toEvent, useStores } from './fixtures.ts';

const stores = useStores();
const box = createSecretBox({ key: SECRETS_KEY });
const sources = createSourceStore(stores.store);
const mappings = createMappings(stores.store);

const POLL = {
  ...{ kind: 'poll', url: 'https://erp.example.com/orders', schedule: '*/5 * * * * *', idPath: 'id' },
  cursor: { kind: 'id', param: 'after', path: 'id' },
};

async function start(options: { readonly secretsKey?: string | null } = {}) {
  const api = await startApi({ ...stores, ...options });
  return {
    ...api,
    async call(
      method: 'GET' | 'POST' | 'PUT' | 'DELETE',
      url: string,
      payload?: object,
      headers: Readonly<Record<string, string>> = {},
    ) {
      const response = await api.server.inject({
        ...{ method, url, headers },
        ...(payload === undefined ? {} : { payload }),
      });
      return {
        status: response.statusCode,
        headers: response.headers,
        body: response.json(),
        text: response.body,
      };
    },
  };
}

describe('sources of the api', () => {
  it('are added, listed, shown, changed and deactivated, and no secret ever leaves', async () => {
    const { call } = await start();
    const shop = {
      id: 'shop',
      kind: 'push',
      scheme: 'github',
      secrets: [{ value: 'hunter2' }, { env: 'SHOP_KEY' }],
    };
    const created = await call('POST', '/api/sources', shop);
    expect(created).toMatchObject({
      status: 201,
      headers: { location: '/api/sources/shop', etag: '"1"' },
      body: {
        id: 'shop',
        owner: 'api',
        revision: 1,
        source: { secrets: [{ set: true, index: 0 }, { env: 'SHOP_KEY' }] },
      },
    });
    const shown = await call('GET', '/api/sources/shop');
    expect(shown).toMatchObject({ status: 200, body: { polling: null, mappingRevision: null } });
    expect((await call('POST', '/api/sources', shop)).body).toMatchObject({ code: 'ERR_SOURCE_EXISTS' });

    const rotated = {
      ...shown.body.source,
      secrets: [{ value: 'hunter3' }, { set: true, index: 0, expiresAt: '2030-01-01T00:00:00Z' }],
    };
    const changed = await call('PUT', '/api/sources/shop', rotated, { 'if-match': '"1"' });
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { revision: 2 } });
    const stored = await sources.get('shop');
    expect(stored?.source && openSource(stored.source, box)).toMatchObject({
      secrets: [{ value: 'hunter3' }, { value: 'hunter2', expiresAt: '2030-01-01T00:00:00Z' }],
    });
    expect((await call('PUT', '/api/sources/shop', rotated, { 'if-match': '"1"' })).body).toMatchObject({
      ...{ status: 412, code: 'ERR_SOURCE_CHANGED' },
    });
    const list = await call('GET', '/api/sources');
    expect(list.body.items.map(({ id }: { id: string }) => id)).toContain('shop');
    const inDatabase = JSON.stringify(await toCollection(stores.store, 'sources').find({}).toArray());
    for (const text of [created.text, shown.text, changed.text, list.text, inDatabase]) {
      expect(text).not.toMatch(/hunter[23]/);
    }
    expect(await call('DELETE', '/api/sources/shop')).toMatchObject({ status: 200, body: { active: false } });
    expect((await call('GET', '/api/sources/shop')).status).toBe(404);
    expect((await call('DELETE', '/api/sources/shop')).status).toBe(404);
    expect(await call('POST', '/api/sources', shop)).toMatchObject({ status: 201, body: { active: true } });
  });

  it.each([
    [{}, '/kind', 'expected push or poll'],
    [{ id: 'x', kind: 'push', scheme: { type: 'hmac' } }, '/scheme/header', 'missing'],
    [{ id: 'x', kind: 'push', sheme: 'none' }, '/sheme', 'did you mean scheme?'],
    [
      { id: 'x', kind: 'push', scheme: 'basic', secrets: [{ value: 'hunter2' }] },
      '/secrets/0/value',
      'user:password',
    ],
    [
      { id: 'x', kind: 'push', scheme: 'github', secrets: [{ set: true, index: 0 }] },
      '/secrets/0',
      'no stored secret',
    ],
    [{ id: 'x', ...POLL, schedule: 'now and then' }, '/schedule', 'six fields'],
    [{ id: 'x', ...POLL, auth: { type: 'bearer', secret: 'hunter2' } }, '/auth/secret', 'value or env'],
    [{ id: 'x', kind: 'push', mapping: {} }, '/mapping', 'unknown'],
    [{ id: 'x', kind: 'push', tenant: 'other' }, '/tenant', 'unknown'],
  ])('refuses %j, and says why', async (body, pointer, detail) => {
    const { call } = await start();
    const answer = await call('POST', '/api/sources', body);
    expect(answer.body).toMatchObject({ status: 400, code: 'ERR_BODY_INVALID' });
    expect(answer.body.errors).toContainEqual({ pointer, detail: expect.stringContaining(detail) });
    expect(answer.text).not.toContain('hunter2');
  });

  it('need a key for a secret by value, and none for one that is named', async () => {
    const { call } = await start({ secretsKey: null });
    const source = { id: 'keyless', kind: 'push', scheme: 'github' };
    const refused = await call('POST', '/api/sources', { ...source, secrets: [{ value: 'hunter2' }] });
    expect(refused.body).toMatchObject({
      ...{ status: 409, code: 'ERR_SECRETS_KEY_MISSING' },
      detail: expect.stringContaining('openssl rand -base64 32'),
    });
    expect(refused.text).not.toContain('hunter2');
    expect((await call('POST', '/api/sources', { ...source, secrets: [{ env: 'KEY' }] })).status).toBe(201);
  });

  it('are listed page by page', async () => {
    const { call } = await start();
    for (let n = 0; n < 5; n += 1) await call('POST', '/api/sources', { id: `page-${n}`, kind: 'push' });
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await call('GET', `/api/sources?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.body.items.map(({ id }: { id: string }) => id));
      cursor = page.body.nextCursor;
    }
    expect(seen.filter((id) => id.startsWith('page-'))).toEqual([0, 1, 2, 3, 4].map((n) => `page-${n}`));
    expect(new Set(seen).size).toBe(seen.length);
    expect((await call('GET', '/api/sources?cursor=$')).status).toBe(400);
  });
});

describe('sources of the file', () => {
  it('are read-only, but for pausing, resuming and polling', async () => {
    const { call } = await start();
    const filed = sourceSchema.parse({ id: 'filed', ...POLL });
    await sources.applyFile([filed], createSourceSealer(box));
    for (const answer of [
      await call('PUT', '/api/sources/filed', { id: 'filed', ...POLL }),
      await call('DELETE', '/api/sources/filed'),
    ]) {
      expect(answer.body).toMatchObject({ status: 409, code: 'ERR_SOURCE_OWNED_BY_FILE' });
    }
    expect((await call('POST', '/api/sources/filed/pause')).body).toMatchObject({ paused: true });
    expect((await call('GET', '/api/sources/filed')).body.polling).toMatchObject({ nextRunAt: null });
    expect((await call('POST', '/api/sources/filed/resume')).body).toMatchObject({ paused: false });
    expect(await call('POST', '/api/sources/filed/poll')).toMatchObject({
      status: 202,
      body: { queued: true },
    });
  });

  it('show their last runs, the next one and how far behind they are', async () => {
    const { call } = await start();
    await sources.create({ ...sourceSchema.parse({ id: 'runs', ...POLL }) } as never);
    const runs = createPollRuns(stores.store);
    const startedAt = new Date(Date.now() - 90_000);
    const id = await runs.begin({ source: 'runs', slot: 1, scheduler: 's', startedAt, cursorBefore: null });
    await runs.end(id, {
      ...{ pages: 1, records: 2, accepted: 2, duplicates: 0, problems: { count: 0, first: [] } },
      ...{ outcome: 'polled', endedAt: new Date(), cursorAfter: '7', error: null },
    });
    const { polling } = (await call('GET', '/api/sources/runs')).body;
    expect(polling.runs).toMatchObject([{ outcome: 'polled', records: 2, cursorAfter: '7', manual: false }]);
    expect(polling.lagSeconds).toBeGreaterThanOrEqual(90);
    const failed = { pages: 0, records: 0, accepted: 0, duplicates: 0, problems: { count: 0, first: [] } };
    for (let slot = 2; slot <= 22; slot += 1) {
      await runs.note(
        { source: 'runs', slot, scheduler: 's', startedAt: new Date(), cursorBefore: '7' },
        { ...failed, outcome: 'failed', endedAt: new Date(), cursorAfter: '7', error: 'HTTP 500' },
      );
    }
    const broken = (await call('GET', '/api/sources/runs')).body.polling;
    expect(broken.runs.map(({ outcome }: { outcome: string }) => outcome)).not.toContain('polled');
    expect(broken.lagSeconds).toBeGreaterThanOrEqual(90);
    expect(Date.parse(polling.nextRunAt) - Date.now()).toBeLessThanOrEqual(5000);
    expect(await createCheckpoints(stores.store).get('runs')).toMatchObject({ revision: 0 });
  });

  it('that send to us are not polled', async () => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'sender', kind: 'push' });
    for (const action of ['poll', 'pause', 'resume']) {
      expect((await call('POST', `/api/sources/sender/${action}`)).body).toMatchObject({
        code: 'ERR_SOURCE_NOT_POLLED',
      });
      expect((await call('POST', `/api/sources/nobody/${action}`)).status).toBe(404);
    }
  });
});

const SALE = { type: 'sale', fields: { amount: { from: 'gross', as: 'number', required: true } } };

describe('mappings', () => {
  it('are tried on what is stored before they are activated, and rolled back at once', async () => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'tried', kind: 'push' });
    const pipeline = await createPipeline(stores);
    const ids = [];
    for (const payload of [{ gross: 1 }, { gross: '2,50' }, { net: 3 }]) {
      ids.push((await pipeline.submit(toEvent(payload, { source: 'tried' }))).id);
    }
    pipeline.startWorker();
    await expect
      .poll(async () => await toCollection(stores.store, 'raw_events').countDocuments({ source: 'tried' }))
      .toBe(3);

    const draft = await call('POST', '/api/sources/tried/mapping', SALE);
    expect(draft).toMatchObject({
      status: 201,
      headers: { location: '/api/sources/tried/mapping/1' },
      body: { revision: 1, state: 'draft', owner: 'api', createdBy: expect.any(String), trial: null },
    });
    expect((await call('GET', '/api/sources/tried/mapping/1')).body).toEqual(draft.body);
    expect((await call('GET', '/api/sources/tried/mapping/2')).status).toBe(404);
    const path = '/api/sources/tried/mapping';
    expect((await call('POST', `${path}/1/activate`)).body).toMatchObject({
      status: 409,
      code: 'ERR_MAPPING_NOT_TRIED',
    });
    const trial = await call('POST', `${path}/1/trial`, { count: 1000 });
    expect(trial.body.trial).toMatchObject({
      ...{ tried: 3, passed: 2, failed: 1, skipped: 0, changed: 2, added: 0, isWhole: true },
      failures: [{ code: 'ERR_FIELD_REQUIRED', field: 'amount', count: 1, events: [ids[2]] }],
    });
    expect((await call('POST', `${path}/1/activate`)).body).toMatchObject({
      detail: '1 of 3 events failed in its last trial.',
    });
    expect((await call('POST', `${path}/1/activate`, { force: true })).body.errors).toMatchObject([
      { pointer: '/reason' },
    ]);

    await call('POST', path, {
      ...SALE,
      fields: { amount: { ...SALE.fields.amount, from: ['gross', 'net'] } },
    });
    expect((await call('POST', `${path}/2/trial`, {})).body.trial).toMatchObject({
      passed: 3,
      failed: 0,
      failures: [],
    });
    expect((await call('POST', `${path}/2/activate`)).body).toMatchObject({ state: 'active', revision: 2 });
    const forced = await call('POST', `${path}/1/activate`, { force: true, reason: 'to see it' });
    expect(forced.body).toMatchObject({ state: 'active', forced: { reason: 'to see it' } });
    expect((await call('POST', `${path}/2/activate`)).body).toMatchObject({ state: 'active', forced: null });
    const { items } = (await call('GET', path)).body;
    expect(items.map(({ revision, state }: Record<string, unknown>) => [revision, state])).toEqual([
      [2, 'active'],
      [1, 'retired'],
    ]);
    expect(items).toMatchObject([
      { activatedBy: draft.body.createdBy, retiredAt: null },
      { activatedBy: draft.body.createdBy, retiredAt: expect.any(String) },
    ]);
    expect((await call('GET', '/api/sources/tried')).body).toMatchObject({ mappingRevision: 2 });
    expect(await toCollection(stores.store, 'raw_events').countDocuments({ source: 'tried' })).toBe(3);
  });

  it('need no trial while the source has no events', async () => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'fresh', kind: 'push' });
    await call('POST', '/api/sources/fresh/mapping', SALE);
    expect((await call('POST', '/api/sources/fresh/mapping/1/activate', {})).body).toMatchObject({
      state: 'active',
    });
    for (const path of ['9/activate', '9/trial']) {
      expect((await call('POST', `/api/sources/fresh/mapping/${path}`, {})).status).toBe(404);
    }
    expect((await call('POST', '/api/sources/fresh/mapping/x/trial', {})).status).toBe(404);
  });

  it('of another build that this one does not understand are not used', async () => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'newer', kind: 'push' });
    const fields = { at: { from: 'at', as: 'date', formats: ['dd.MM.yyyy'] } };
    await call('POST', '/api/sources/newer/mapping', { type: 't', fields });
    await stores.store.db
      .collection<{ _id: string }>('mappings')
      .updateOne({ _id: 'newer:1' }, { $set: { 'mapping.fields.at.formats': ['DD.MM.YYYY'] } });
    for (const answer of [
      await call('POST', '/api/sources/newer/mapping/1/activate'),
      await call('POST', '/api/sources/newer/mapping/1/trial', {}),
      await call('POST', '/api/mappings/dry-run', { source: 'newer', revision: 1, payload: {} }),
    ]) {
      expect(answer.body).toMatchObject({
        ...{ status: 409, code: 'ERR_MAPPING_NOT_TRIED', detail: expect.stringContaining('cannot be used') },
        errors: [{ pointer: '/fields/at/formats/0', detail: expect.stringContaining('`DD` is no token') }],
      });
    }
  });

  it('are listed when another build wrote them, with what this one does not understand', async () => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'foreign', kind: 'push' });
    const path = '/api/sources/foreign/mapping';
    for (const _ of [1, 2, 3]) await call('POST', path, SALE);
    await call('POST', `${path}/1/activate`);
    await call('POST', `${path}/2/activate`);
    const stored = stores.store.db.collection<{ _id: string }>('mappings');
    const written = { 'mapping.fields.amount.as': 'money', 'mapping.enrich': { by: 'sku' } };
    await stored.updateOne({ _id: 'foreign:2' }, { $set: written });
    await stored.updateOne({ _id: 'foreign:3' }, { $set: { mapping: 'compiled' } });
    const { status, body } = await call('GET', path);
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { revision: 3, state: 'draft', mapping: {}, unusable: [{ pointer: '' }] },
      {
        revision: 2,
        state: 'active',
        mapping: { enrich: { by: 'sku' }, fields: { amount: { as: 'money' } } },
      },
      { revision: 1, state: 'retired', unusable: null },
    ]);
    expect(body.items[1].unusable.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/enrich',
      '/fields/amount/as',
    ]);
    expect((await call('GET', `${path}/2`)).body).toEqual(body.items[1]);
    for (const answer of [
      await call('POST', `${path}/3/activate`),
      await call('POST', `${path}/2/trial`, {}),
      await call('POST', '/api/mappings/dry-run', { source: 'foreign', payload: {} }),
    ]) {
      expect(answer.body).toMatchObject({ status: 409, code: 'ERR_MAPPING_NOT_TRIED' });
    }
    expect((await call('POST', path, SALE)).body).toMatchObject({ revision: 4, unusable: null });
    expect((await call('POST', `${path}/1/activate`)).body).toMatchObject({ revision: 1, state: 'active' });
  });

  it('of the file are read-only, until the file no longer declares the source', async () => {
    const { call } = await start();
    const filed = sourceSchema.parse({ id: 'mapped', kind: 'push', mapping: SALE });
    await sources.applyFile([filed], createSourceSealer(box));
    await mappings.applyFile([filed]);
    const path = '/api/sources/mapped/mapping';
    expect((await call('POST', path, SALE)).body).toMatchObject({
      status: 409,
      code: 'ERR_MAPPING_OWNED_BY_FILE',
    });
    expect((await call('POST', `${path}/1/activate`)).body).toMatchObject({
      code: 'ERR_MAPPING_OWNED_BY_FILE',
    });
    expect((await call('POST', `${path}/1/trial`, {})).body).toMatchObject({ trial: { tried: 0 } });
    await sources.applyFile([], createSourceSealer(box));
    await call('POST', '/api/sources', { id: 'mapped', kind: 'push' });
    await call('POST', path, SALE);
    expect((await call('POST', `${path}/2/activate`)).body).toMatchObject({ state: 'active', owner: 'api' });
  });

  it.each([
    [{ type: 't' }, '/fields'],
    [{ type: 't', fields: { a: { from: 'x..y' } } }, '/fields/a/from/0'],
    [{ type: 't', fields: { at: { from: 'x', as: 'date', zone: 'Mars' } } }, '/fields/at/zone'],
    [{ type: 't', fields: { a: { from: 'x', ass: 'number' } } }, '/fields/a/ass'],
  ])('refuses %j as a draft and as a dry run', async (mapping, pointer) => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'wrong', kind: 'push' });
    const draft = await call('POST', '/api/sources/wrong/mapping', mapping);
    expect(draft.body.errors).toContainEqual({ pointer, detail: expect.any(String) });
    const dry = await call('POST', '/api/mappings/dry-run', { mapping, payload: {} });
    expect(dry.body.errors).toContainEqual({ pointer: `/mapping${pointer}`, detail: expect.any(String) });
  });
});

describe('POST /api/mappings/dry-run', () => {
  it('shows the record, where it came from, or why there is none', async () => {
    const { call } = await start();
    const good = await call('POST', '/api/mappings/dry-run', {
      mapping: SALE,
      payload: { gross: '12,50', x: 1 },
    });
    expect(good).toMatchObject({
      status: 200,
      body: {
        ...{ ok: true, errors: [] },
        record: { type: 'sale', data: { amount: 12.5, x: 1 }, mappingRevision: null },
        lineage: { amount: { from: '/gross', rule: 'mapping' } },
      },
    });
    const bad = await call('POST', '/api/mappings/dry-run', { mapping: SALE, payload: { net: 'hunter2' } });
    expect(bad.body).toMatchObject({
      ...{ ok: false, record: null },
      errors: [{ code: 'ERR_FIELD_REQUIRED', field: 'amount' }],
    });
  });

  it('takes type and schema version of the source where nothing else is said', async () => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'declared', kind: 'push', type: 'person', schemaVersion: 2 });
    const run = async (more: object) =>
      (await call('POST', '/api/mappings/dry-run', { source: 'declared', ...more })).body;
    expect(await run({ payload: { first_name: 'Ada', x: 1 } })).toMatchObject({
      record: { type: 'person', schemaVersion: 2, data: { first_name: 'Ada', last_name: null } },
    });
    expect(await run({ payload: { name: 'Ada' } })).toMatchObject({ ok: false });
    expect(await run({ payload: { name: 'Ada' }, schemaVersion: 1 })).toMatchObject({ ok: true });
    const undeclared = { source: 'nobody', payload: { metric: 'm', amount: 1 } };
    expect((await call('POST', '/api/mappings/dry-run', undeclared)).body).toMatchObject({
      record: { type: 'metric', mappingRevision: null },
    });
    expect((await call('POST', '/api/mappings/dry-run', { ...undeclared, revision: 1 })).status).toBe(404);
  });

  it('takes a revision of a source, the active one, or the built-in types', async () => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'dry', kind: 'push' });
    const payload = { gross: 3, metric: 'm', amount: 1 };
    const run = async (more: object) =>
      (await call('POST', '/api/mappings/dry-run', { source: 'dry', payload, ...more })).body;
    expect(await run({})).toMatchObject({ record: { type: 'metric', mappingRevision: null } });
    await call('POST', '/api/sources/dry/mapping', SALE);
    expect(await run({})).toMatchObject({ record: { type: 'metric' } });
    expect(await run({ revision: 1 })).toMatchObject({ record: { type: 'sale', mappingRevision: 1 } });
    await call('POST', '/api/sources/dry/mapping/1/activate');
    expect(await run({})).toMatchObject({ record: { type: 'sale' } });
    expect(await run({ revision: 2 })).toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(await run({ schemaVersion: 99 })).toMatchObject({
      ok: false,
      errors: [{ code: 'ERR_VERSION_UNKNOWN' }],
    });
    expect(await run({ mapping: SALE, revision: 1 })).toMatchObject({ code: 'ERR_BODY_INVALID' });
    expect(await run({ payload: { a: { $where: 1 } } })).toMatchObject({ code: 'ERR_UNSAFE_KEY' });
    expect(await toCollection(stores.store, 'raw_events').countDocuments({ source: 'dry' })).toBe(0);
  });
});
