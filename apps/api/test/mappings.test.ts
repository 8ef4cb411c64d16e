import { sourceSchema } from '@sluice/contracts/source';
import { createSecretBox } from '@sluice/sources/secret-box';
import { createSourceSealer } from '@sluice/sources/source-sealer';
import { toCollection } from '@sluice/store/collections';
import { createMappings } from '@sluice/store/mappings';
import { createSourceStore } from '@sluice/store/sources-store';
import { describe, expect, it } from 'vitest';
import { startCalls } from './calls.ts';
import { createPipeline, SECRETS_KEY, toEvent, useStores } from './fixtures.ts';

const stores = useStores();
const box = createSecretBox({ key: SECRETS_KEY });
const sources = createSourceStore(stores.store);
const mappings = createMappings(stores.store);
const start = () => startCalls(stores);

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

  it('are retired without another in their place, and can be activated again', async () => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'bare', kind: 'push' });
    const path = '/api/sources/bare/mapping';
    await call('POST', path, SALE);
    expect((await call('POST', `${path}/1/retire`)).body).toMatchObject({
      ...{ status: 409, code: 'ERR_MAPPING_NOT_ACTIVE' },
    });
    await call('POST', `${path}/1/activate`);
    expect(await call('POST', `${path}/1/retire`)).toMatchObject({
      ...{ status: 200, body: { revision: 1, state: 'retired', retiredAt: expect.any(String) } },
    });
    expect((await call('GET', '/api/sources/bare')).body).toMatchObject({ mappingRevision: null });
    expect((await call('POST', `${path}/1/retire`)).body).toMatchObject({ state: 'retired' });
    expect((await call('POST', `${path}/2/retire`)).status).toBe(404);
    expect((await call('POST', `${path}/1/activate`)).body).toMatchObject({
      state: 'active',
      retiredAt: null,
    });
    const audited = (await call('GET', '/api/audit?action=retireMappingRevision')).body.items;
    expect(audited.map(({ status }: { status: number }) => status)).toEqual([404, 200, 200, 409]);
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
    expect((await call('POST', `${path}/1/retire`)).body).toMatchObject({
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
