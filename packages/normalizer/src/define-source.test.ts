import type { JsonObject } from '@sluice/contracts/json';
import { describe, expect, it } from 'vitest';
import { type AdapterOutput, defineSource } from './define-source.ts';
import { createNormalizer } from './normalize.ts';

function normalizeWith(normalize: () => AdapterOutput, payload: JsonObject | string = { secret: 'hunter2' }) {
  const adapter = defineSource({ source: 'erp', type: 'order', revision: 4, normalize });
  return createNormalizer({ adapters: [adapter] }).normalize({
    ...{ tenant: 'default', source: 'erp', schemaVersion: 1, payload, contentHash: 'c1' },
    receivedAt: '2024-06-01T00:00:00.000Z',
  });
}

describe('defineSource', () => {
  it('makes records of what the code gives', () => {
    const result = normalizeWith(() => ({
      ...{ data: { id: 7, lines: [{ sku: 'x' }] }, subject: '7', dedupe: ['id', 'timestamp'] },
      timestamp: new Date(0),
    }));
    expect(result).toMatchObject({
      kind: 'record',
      record: {
        ...{ type: 'order', subject: '7', timestamp: '1970-01-01T00:00:00.000Z', mappingRevision: 4 },
        data: { id: 7, lines: [{ sku: 'x' }] },
        lineage: {
          id: { from: null, rule: 'code' },
          lines: { from: null, rule: 'code' },
          timestamp: { from: null, rule: 'code' },
        },
        warnings: [],
      },
    });
  });

  it('gives the code any payload and what is known of the event', () => {
    const adapter = defineSource({
      ...{ source: 'erp', type: 'line' },
      normalize: (payload, { source, schemaVersion }) => ({ data: { payload, source, schemaVersion } }),
    });
    const context = { tenant: 'default', source: 'erp', schemaVersion: 2, receivedAt: '' };
    expect(adapter.rules.read('A;B', context)).toMatchObject({
      kind: 'read',
      reading: { fields: new Map(Object.entries({ payload: 'A;B', source: 'erp', schemaVersion: 2 })) },
    });
    expect(adapter.revision).toBeNull();
  });

  it('makes no two events the same by a second 60, which may be the next minute', () => {
    const adapter = defineSource({
      ...{ source: 'erp', type: 'order' },
      normalize: (at) => ({ data: {}, timestamp: String(at), dedupe: ['timestamp'] }),
    });
    const hash = (payload: string, contentHash: string) =>
      createNormalizer({ adapters: [adapter] }).normalize({
        ...{ tenant: 'default', source: 'erp', schemaVersion: 1, payload, contentHash },
        receivedAt: '2024-06-01T00:00:00.000Z',
      });
    expect(hash('2026-03-29T12:31:00Z', 'c1')).toEqual(hash('2026-03-29T12:31:00Z', 'c2'));
    expect(hash('2026-03-29T12:30:60Z', 'c1')).not.toEqual(hash('2026-03-29T12:30:60Z', 'c2'));
  });

  it('may read schema versions that workers do not know otherwise', () => {
    const normalize = () => ({ data: {} });
    const adapter = defineSource({ source: 'erp', type: 'order', versions: [7], normalize });
    const normalizer = createNormalizer({ adapters: [adapter] });
    const read = (schemaVersion: number) =>
      normalizer.normalize({
        ...{ tenant: 'default', source: 'erp', schemaVersion, payload: {}, contentHash: 'c1' },
        receivedAt: '2024-06-01T00:00:00.000Z',
      });
    expect(read(7)).toMatchObject({ kind: 'record', record: { schemaVersion: 7 } });
    expect(read(8)).toEqual({ kind: 'unknown-version', version: 8 });
  });

  it('tells records apart by the whole payload unless the code names fields', () => {
    const hash = (output: AdapterOutput) => {
      const result = normalizeWith(() => output);
      return result.kind === 'record' ? result.record.normalizedHash : result;
    };
    expect(hash({ data: { id: 1 } })).toBe(hash({ data: { id: 2 } }));
    expect(hash({ data: { id: 1 }, dedupe: ['id'] })).not.toBe(hash({ data: { id: 2 }, dedupe: ['id'] }));
    expect(hash({ data: { id: 1, at: 1 }, dedupe: ['id'] })).toBe(hash({ data: { id: 1 }, dedupe: ['id'] }));
  });

  it('warns of a time without a zone', () => {
    expect(normalizeWith(() => ({ data: {}, timestamp: '2024-01-01T00:00:00' }))).toMatchObject({
      record: { timestamp: '2024-01-01T00:00:00.000Z', warnings: [{ code: 'WARN_ZONE_ASSUMED' }] },
    });
  });

  const circle: Record<string, unknown> = {};
  circle['circle'] = circle;

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a promise', Promise.resolve({ data: {} })],
    ['no data', {}],
    ['an array', { data: [] }],
    ['undefined in data', { data: { a: undefined } }],
    ['a date in data', { data: { a: [new Date(0)] } }],
    ['a map in data', { data: { a: new Map() } }],
    ['a bigint in data', { data: { a: 1n } }],
    ['NaN in data', { data: { a: { b: Number.NaN } } }],
    ['a lone surrogate in data', { data: { a: '\ud800' } }],
    ['a circle in data', { data: circle }],
    ['an unsafe key in data', { data: { a: { $where: 1 } } }],
    ['a timestamp in data', { data: { timestamp: 1 } }],
    ['a subject that is a number', { data: {}, subject: 7 }],
    ['a timestamp that is none', { data: {}, timestamp: 'yesterday' }],
    ['an invalid date', { data: {}, timestamp: new Date(Number.NaN) }],
    ['a number for a timestamp', { data: {}, timestamp: 1704067200 }],
    ['an unknown name in dedupe', { data: {}, dedupe: ['id'] }],
    ['dedupe that is no list', { data: {}, dedupe: 7 }],
  ])('refuses code that gives %s', (_, output) => {
    expect(normalizeWith(() => output as AdapterOutput)).toMatchObject({
      ...{ kind: 'refused', code: 'ERR_ADAPTER_FAILED', message: expect.stringContaining('of erp ') },
    });
  });

  it('refuses what makes the code throw, and does not quote it', () => {
    for (const thrown of [new TypeError('hunter2'), 'hunter2', null]) {
      const result = normalizeWith(() => {
        throw thrown;
      });
      expect(result).toMatchObject({ kind: 'refused', code: 'ERR_ADAPTER_FAILED' });
      expect(JSON.stringify(result)).not.toContain('hunter2');
    }
  });
});
