import { defineSource } from '@sluice/normalizer/define-source';
import { MAPPING_UNUSED, type TrialWorkers } from '@sluice/normalizer/trial-normalizer';
import { toCollection } from '@sluice/store/collections';
import { describe, expect, it } from 'vitest';
import { createPipeline, startApi, toEvent, useStores } from './fixtures.ts';

const stores = useStores();
const SALE = {
  type: 'sale',
  fields: { amount: { from: 'gross', as: 'number', required: true } },
  versions: { 9: { fields: { amount: { from: 'net', as: 'number', required: true } } } },
};

/** An api that takes the workers for these. */
async function start(workers: TrialWorkers) {
  const { server } = await startApi({ ...stores, workers });
  return async (url: string, payload: object) => {
    const response = await server.inject({ method: 'POST', url, payload });
    return { status: response.statusCode, body: response.json() };
  };
}

/** Stores events of a source as the workers would leave them. */
async function store(
  source: string,
  events: readonly { readonly payload: object; readonly version: number }[],
) {
  const pipeline = await createPipeline(stores);
  for (const { payload, version } of events) {
    await pipeline.submit(toEvent({ ...payload }, { source, schemaVersion: version }));
  }
  pipeline.startWorker();
  const stored = () => toCollection(stores.store, 'raw_events').countDocuments({ source });
  await expect.poll(stored).toBe(events.length);
}

describe('a mapping is tried as the workers would use it', () => {
  it('with the schema versions that they take', async () => {
    const post = await start({ supportedVersions: [1] });
    await post('/api/sources', { id: 'versioned', kind: 'push' });
    await store('versioned', [
      { payload: { gross: 1 }, version: 1 },
      { payload: { gross: 2 }, version: 2 },
    ]);
    await post('/api/sources/versioned/mapping', SALE);
    const { body } = await post('/api/sources/versioned/mapping/1/trial', {});
    expect(body.trial).toMatchObject({ tried: 2, passed: 1, failed: 1 });
    const [failure] = body.trial.failures;
    expect(failure).toMatchObject({ code: 'ERR_VERSION_UNKNOWN', count: 1 });
    expect(failure.message).toBe(
      'Workers take the schema versions 1 (SUPPORTED_SCHEMA_VERSIONS) and those that a mapping names, not 2: such events are parked.',
    );
    const dry = async (schemaVersion: number, payload: object) =>
      (await post('/api/mappings/dry-run', { mapping: SALE, payload, schemaVersion })).body;
    expect(await dry(1, { gross: 3 })).toMatchObject({ ok: true });
    expect(await dry(2, { gross: 3 })).toMatchObject({ errors: [{ code: 'ERR_VERSION_UNKNOWN' }] });
    expect(await dry(9, { net: 3 })).toMatchObject({ ok: true, record: { data: { amount: 3 } } });
  });

  it('with the code adapter of its source, and then says that the mapping is not used', async () => {
    const normalize = () => ({ data: { by: 'code' } });
    const post = await start({ adapters: [defineSource({ source: 'coded', type: 'order', normalize })] });
    await post('/api/sources', { id: 'coded', kind: 'push' });
    await store('coded', [{ payload: { gross: 1 }, version: 1 }]);
    await post('/api/sources/coded/mapping', SALE);
    const { body } = await post('/api/sources/coded/mapping/1/trial', {});
    expect(body.trial).toMatchObject({
      ...{ tried: 1, passed: 1, failed: 0 },
      warnings: [
        { code: MAPPING_UNUSED, count: 1, message: expect.stringContaining('code adapter of coded') },
      ],
    });
    const input = { source: 'coded', payload: { gross: 3 } };
    expect((await post('/api/mappings/dry-run', { ...input, revision: 1 })).body).toMatchObject({
      record: { type: 'order', data: { by: 'code' } },
      warnings: [{ code: MAPPING_UNUSED }],
    });
    expect((await post('/api/mappings/dry-run', input)).body).toMatchObject({
      record: { type: 'order', data: { by: 'code' } },
      warnings: [],
    });
  });

  it('unless a number of it would be another than was written', async () => {
    const { server } = await startApi(stores);
    const post = async (url: string, payload: string) => {
      const headers = { 'content-type': 'application/json' };
      return (await server.inject({ method: 'POST', url, headers, payload })).json();
    };
    await post('/api/sources', '{"id":"digits","kind":"push"}');
    const toMapping = (value: string) =>
      `{"type":"t","fields":{"a":{"from":["x"],"as":"string","default":${value}}}}`;
    const detail = 'the number has more digits than can be kept; put it in quotes to keep it as a text';
    const path = '/api/sources/digits/mapping';
    const wrong = toMapping('12345678901234567890');
    expect(await post(path, wrong)).toMatchObject({
      ...{ status: 400, code: 'ERR_BODY_INVALID', detail: `fields/a/default: ${detail}.` },
      errors: [{ pointer: '/fields/a/default', detail }],
    });
    expect(await post('/api/mappings/dry-run', `{"mapping":${wrong},"payload":{}}`)).toMatchObject({
      ...{ status: 400, errors: [{ pointer: '/mapping/fields/a/default', detail }] },
    });
    const good = toMapping('"12345678901234567890"');
    expect(await post(path, good)).toMatchObject({ revision: 1, mapping: JSON.parse(good) });
    const payload = '{"n":12345678901234567891}';
    expect(await post('/api/mappings/dry-run', `{"mapping":${good},"payload":${payload}}`)).toMatchObject({
      ...{ ok: true, record: { data: { a: '12345678901234567890' } } },
    });
  });

  it('with the numbers as they are written, which parsing and writing again would change', async () => {
    const { server } = await startApi(stores);
    const dry = async (text: string) => {
      const payload = `\uFEFF{"payload":{}, "mapping":${JSON.stringify(SALE)}, "payload" : ${text} }`;
      const headers = { 'content-type': 'application/json' };
      const url = '/api/mappings/dry-run';
      return (await server.inject({ method: 'POST', url, headers, payload })).json();
    };
    expect(await dry('{"gross":1e999}')).toMatchObject({ errors: [{ code: 'ERR_FIELD_UNREADABLE' }] });
    expect(await dry('{"gross":0.12345678901234567891}')).toMatchObject({
      ok: true,
      warnings: [{ code: 'WARN_NUMBER_ROUNDED', field: 'amount' }],
    });
    expect(await dry('{"gross":1.50}')).toMatchObject({ ok: true, warnings: [] });
  });
});
