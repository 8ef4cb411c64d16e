import type { JsonValue } from '@sluice/contracts/json';
import { mappingSchema } from '@sluice/contracts/mapping';
import { describe, expect, it } from 'vitest';
import { defineSource } from './define-source.ts';
import { createMappedRules } from './mapped-rules.ts';
import { type ActiveRules, createNormalizer } from './normalize.ts';
import type { NormalizeInput } from './record.ts';
import type { UpcastRegistry } from './upcasts.ts';
import { WARNINGS } from './warnings.ts';

const rules = createMappedRules(
  mappingSchema.parse({
    ...{ type: 'sale', subject: 'id', dedupe: { fields: ['id', 'total'] } },
    fields: {
      id: { from: 'order.id', as: 'string', required: true },
      total: { from: ['total', 'sum'], as: 'number' },
      timestamp: { from: 'at', as: 'date' },
    },
    versions: { 7: { fields: { total: { from: 'amount', as: 'number' } } } },
  }),
);

function findMapping(tenant: string, source: string): ActiveRules | undefined {
  return tenant === 'default' && source === 'shop' ? { revision: 3, rules } : undefined;
}

const normalizer = createNormalizer({ findMapping });

function toInput(payload: JsonValue, changes: Partial<NormalizeInput> = {}): NormalizeInput {
  return {
    ...{ tenant: 'default', source: 'shop', schemaVersion: 1, contentHash: 'c1', payload },
    receivedAt: '2024-06-01T00:00:00.000Z',
    ...changes,
  };
}

function record(payload: JsonValue, changes: Partial<NormalizeInput> = {}, use = normalizer) {
  const result = use.normalize(toInput(payload, changes));
  if (result.kind !== 'record') throw new Error(`no record: ${JSON.stringify(result)}`);
  return result.record;
}

const order = { order: { id: 7 }, total: '12.50', at: '2024-01-01T00:00:00Z', note: 'x' };

describe('a source with an active mapping', () => {
  it('is read by it, and says by which revision', () => {
    expect(record(order)).toEqual({
      ...{ type: 'sale', subject: '7', timestamp: '2024-01-01T00:00:00.000Z', warnings: [] },
      data: { id: '7', total: 12.5, order: { id: 7 }, note: 'x' },
      ...{ schemaVersion: 1, mappingRevision: 3, normalizedHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      lineage: {
        id: { from: '/order/id', rule: 'mapping', conversion: 'number to string' },
        total: { from: '/total', rule: 'mapping', conversion: 'string to number' },
        timestamp: { from: '/at', rule: 'mapping', conversion: 'ISO 8601 to UTC' },
      },
    });
  });

  it('does not warn of an object that a field has the name of, when fields hold all that is in it', () => {
    const shopRules = createMappedRules(
      mappingSchema.parse({
        type: 'sale',
        fields: { shop: { from: 'shop.name' }, city: { from: ['shop.city', 'shop.at.0'] } },
      }),
    );
    const read = (shop: JsonValue) =>
      record({ shop }, {}, createNormalizer({ findMapping: () => ({ revision: 1, rules: shopRules }) }));
    expect(read({ name: 'A', city: 'B', zip: null })).toMatchObject({
      ...{ data: { shop: 'A', city: 'B' }, warnings: [] },
    });
    expect(read({ name: 'A', at: ['B'] }).warnings).toEqual([]);
    const more: JsonValue[] = [
      { name: 'A', city: 'B', zip: 1 },
      { name: 'A', at: ['B', 'C'] },
      { name: 'A', city: 'B', x: {} },
    ];
    for (const shop of more) {
      expect(read(shop).warnings).toMatchObject([{ code: WARNINGS.fieldDropped, field: 'shop' }]);
    }
  });

  it('leaves other sources and tenants to the built-in types', () => {
    const sale = { metric: 'sales', amount: 1 };
    expect(record(sale, { source: 'other' })).toMatchObject({ type: 'metric', mappingRevision: null });
    expect(record(sale, { tenant: 'other' })).toMatchObject({ type: 'metric', mappingRevision: null });
  });

  it('decides the type, whatever type an event names', () => {
    expect(record(order, { type: 'metric' })).toEqual(record(order));
    expect(record(order, { type: 'push' }).type).toBe('sale');
  });

  it('makes records the same that have the same dedupe fields, else the same payload', () => {
    const hash = (payload: JsonValue, contentHash: string) => record(payload, { contentHash }).normalizedHash;
    expect(hash({ ...order, note: 'y' }, 'c2')).toBe(hash(order, 'c1'));
    expect(hash({ ...order, total: 13 }, 'c2')).not.toBe(hash(order, 'c1'));
    const { total: _, ...partial } = order;
    expect(hash(partial, 'c1')).not.toBe(hash(partial, 'c2'));
  });

  it('refuses what lacks a required field, objects or not', () => {
    for (const payload of [{}, [], 'text']) {
      const refusal = { kind: 'refused', code: 'ERR_FIELD_REQUIRED', field: 'id' };
      expect(normalizer.normalize(toInput(payload))).toMatchObject(refusal);
    }
  });

  it('keeps what is no object under the type of the mapping when nothing is required', () => {
    const lax = createMappedRules(mappingSchema.parse({ type: 'lax', fields: { id: { from: 'id' } } }));
    const use = createNormalizer({ findMapping: () => ({ revision: 1, rules: lax }) });
    expect(record([1], {}, use)).toMatchObject({
      ...{ type: 'lax', data: [1], mappingRevision: 1, warnings: [{ code: WARNINGS.payloadNotObject }] },
    });
  });

  it('makes the versions known that its mapping names', () => {
    expect(record({ ...order, amount: 5 }, { schemaVersion: 7 })).toMatchObject({
      ...{ schemaVersion: 7, data: { total: 5 } },
    });
    const unknown = { kind: 'unknown-version', version: 8 };
    expect(normalizer.normalize(toInput(order, { schemaVersion: 8 }))).toEqual(unknown);
    const of = { tenant: 'default', source: 'shop' };
    expect(normalizer.knows({ ...of, schemaVersion: 7 })).toBe(true);
    expect(normalizer.knows({ ...of, schemaVersion: 1 })).toBe(true);
    expect(normalizer.knows({ ...of, schemaVersion: 8 })).toBe(false);
    expect(normalizer.knows({ ...of, source: 'other', schemaVersion: 7 })).toBe(false);
    expect(normalizer.isSupported(7)).toBe(false);
  });
});

describe('upcasts', () => {
  const addStep: UpcastRegistry[string][number] = (reading) => {
    const steps = `${reading.fields.get('steps') ?? ''}${reading.fields.size}`;
    return { ...reading, fields: new Map([...reading.fields, ['steps', steps]]) };
  };
  const failing: UpcastRegistry[string][number] = () => {
    throw new RangeError('hunter2');
  };

  function upcastBy(upcasts: UpcastRegistry, schemaVersion: number, supportedVersions = [1, 2, 3]) {
    const use = createNormalizer({ findMapping, upcasts, supportedVersions });
    return use.normalize(toInput(order, { schemaVersion }));
  }

  it('chain from version to version for the type of a mapping', () => {
    const upcasts = { sale: { 1: addStep, 2: addStep } };
    expect(upcastBy(upcasts, 1)).toMatchObject({ record: { schemaVersion: 3, data: { steps: '23' } } });
    expect(upcastBy(upcasts, 2)).toMatchObject({ record: { schemaVersion: 3, data: { steps: '2' } } });
    expect(upcastBy(upcasts, 3)).toMatchObject({ record: { schemaVersion: 3, data: { id: '7' } } });
  });

  it('stop at the newest supported version and at a missing step', () => {
    const upcasts = { sale: { 1: addStep, 2: addStep } };
    expect(upcastBy(upcasts, 1, [1, 2])).toMatchObject({
      record: { schemaVersion: 2, data: { steps: '2' } },
    });
    expect(upcastBy({ sale: { 2: addStep } }, 1)).toMatchObject({ record: { schemaVersion: 1 } });
    expect(upcastBy({ other: { 1: addStep } }, 1)).toMatchObject({ record: { schemaVersion: 1 } });
  });

  it('refuse the event when one of them throws, and do not quote it', () => {
    const result = upcastBy({ sale: { 1: addStep, 2: failing } }, 1);
    expect(result).toMatchObject({ kind: 'refused', code: 'ERR_UPCAST_FAILED' });
    expect(result).toMatchObject({ message: 'The upcast of sale from version 2 failed with RangeError.' });
  });
});

describe('a source with a code adapter', () => {
  const adapter = defineSource({
    source: 'shop',
    type: 'coded',
    normalize: () => ({ data: { by: 'code' } }),
  });

  it('is read by it even when it has a mapping', () => {
    const use = createNormalizer({ findMapping, adapters: [adapter] });
    expect(record(order, { type: 'metric' }, use)).toMatchObject({ type: 'coded', data: { by: 'code' } });
  });

  it('has only one', () => {
    expect(() => createNormalizer({ adapters: [adapter, adapter] })).toThrow(RangeError);
  });
});

describe('a local time', () => {
  const local = createMappedRules(
    mappingSchema.parse({
      ...{ type: 'reading', dedupe: { fields: ['timestamp', 'amount'] } },
      fields: {
        amount: { from: 'amount', as: 'number' },
        timestamp: { from: 'at', as: 'date', zone: 'Europe/Berlin' },
      },
    }),
  );
  const use = createNormalizer({ findMapping: () => ({ revision: 1, rules: local }) });
  const hashes = (at: string) =>
    new Set(
      ['c1', 'c2'].map((contentHash) => record({ at, amount: 5 }, { contentHash }, use).normalizedHash),
    );

  it('does not make two events the same that clocks showed twice', () => {
    expect(hashes('2026-10-25 02:30:00').size).toBe(2);
    expect(record({ at: '2026-10-25 02:30:00' }, {}, use).warnings).toContainEqual(
      expect.objectContaining({ code: WARNINGS.clockChanged }),
    );
  });

  it('does not make two events the same when it has a second 60', () => {
    expect(hashes('2026-03-29 12:30:60').size).toBe(2);
    expect(hashes('2026-03-29 12:31:00').size).toBe(1);
  });

  it('that clocks skipped is another than the one an hour later', () => {
    const all = ['02:30:00', '02:30:00.0005', '02:59:00', '03:30:00', '03:30:00.0005', '03:59:00'];
    const [skipped, ...others] = all.map((clock) => [...hashes(`2026-03-29 ${clock}`)].join());
    expect(new Set([skipped, ...others]).size).toBe(all.length);
    expect([...hashes('2026-03-29T02:30:00.000')]).toEqual([skipped]);
  });

  it.each(['2026-10-25 01:30:00', '2026-10-25 02:30:00+01:00', '2026-10-26 02:30:00', '2026-03-29 02:30:00'])(
    'that is %s makes two events the same',
    (at) => {
      expect(hashes(at).size).toBe(1);
    },
  );
});
