import type { JsonValue } from '@sluice/contracts/json';
import { mappingSchema } from '@sluice/contracts/mapping';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineSource } from './define-source.ts';
import { createTrialNormalizer, MAPPING_UNUSED, type TrialWorkers } from './trial-normalizer.ts';
import type { UpcastRegistry } from './upcasts.ts';
import { WARNINGS } from './warnings.ts';

const mapping = mappingSchema.parse({
  type: 'sale',
  fields: { amount: { from: ['price.gross', 'price'], as: 'number', required: true } },
  versions: { 9: { fields: { amount: { from: 'a', as: 'number' } } } },
});
const event = {
  ...{ tenant: 'default', source: 'shop', schemaVersion: 1, receivedAt: '2024-06-01T00:00:00.000Z' },
  contentHash: 'c1',
};

const active = { revision: null, mapping };

/** Tries the mapping on an event with this payload. */
function tryOn(payload: JsonValue, changed: Partial<typeof event> = {}, workers: TrialWorkers = {}) {
  return createTrialNormalizer(active, workers).normalize({ ...event, ...changed, payload });
}

it('gives the record with lineage and warnings', () => {
  expect(tryOn({ price: { gross: '€ 1,200' } })).toMatchObject({
    kind: 'record',
    record: {
      ...{ type: 'sale', data: { amount: 1200 }, mappingRevision: null },
      lineage: { amount: { from: '/price/gross', rule: 'mapping' } },
      warnings: [{ code: WARNINGS.numberGuessed }, { code: WARNINGS.currencyDropped }],
    },
  });
  const fifth = createTrialNormalizer({ revision: 5, mapping }).normalize({
    ...event,
    payload: { price: 1 },
  });
  expect(fifth).toMatchObject({ record: { mappingRevision: 5 } });
});

it('gives the refusal, or the version that nobody knows', () => {
  expect(tryOn({})).toMatchObject({ kind: 'refused', code: 'ERR_FIELD_REQUIRED' });
  expect(tryOn({ price: 'x' })).toMatchObject({ code: 'ERR_FIELD_UNREADABLE' });
  expect(tryOn({ price: 1 }, { schemaVersion: 8 })).toMatchObject({ version: 8 });
  expect(tryOn({ a: 1 }, { schemaVersion: 9 })).toMatchObject({ kind: 'record' });
});

it('takes the versions that the workers take, and those that the mapping names', () => {
  const tried = (schemaVersion: number, payload: JsonValue) =>
    tryOn(payload, { schemaVersion }, { supportedVersions: [1] });
  expect(tried(1, { price: 1 })).toMatchObject({ kind: 'record' });
  expect(tried(2, { price: 1 })).toEqual({ kind: 'unknown-version', version: 2 });
  expect(tried(9, { a: 1 })).toMatchObject({ kind: 'record', record: { data: { amount: 1 } } });
});

describe('on a source that code reads', () => {
  const adapters = [
    defineSource({
      ...{ source: 'shop', type: 'order', revision: 4 },
      normalize: () => ({ data: { by: 'code' } }),
    }),
  ];

  it('makes the record that the workers make, and says that the mapping did not', () => {
    expect(tryOn({ price: 1 }, {}, { adapters })).toMatchObject({
      record: {
        ...{ type: 'order', data: { by: 'code' }, mappingRevision: 4 },
        warnings: [{ code: MAPPING_UNUSED, detail: expect.stringContaining('code adapter of shop') }],
      },
    });
    // The mapping names this version, and the code does not.
    const ofNine = tryOn({ a: 1 }, { schemaVersion: 9 }, { adapters });
    expect(ofNine).toEqual({ kind: 'unknown-version', version: 9 });
  });

  it('says nothing of a mapping where none is tried, or where it is used', () => {
    const asIs = createTrialNormalizer(null, { adapters }).normalize({ ...event, payload: { price: 1 } });
    expect(asIs).toMatchObject({ record: { type: 'order', warnings: [] } });
    const other = tryOn({ price: 1 }, { source: 'other' }, { adapters });
    expect(other).toMatchObject({ record: { type: 'sale', warnings: [] } });
  });
});

it('upcasts as the workers do', () => {
  const upcasts: UpcastRegistry = { sale: { 1: (reading) => ({ ...reading, subject: 'raised' }) } };
  expect(tryOn({ price: 1 }, {}, { upcasts })).toMatchObject({
    record: { schemaVersion: 2, subject: 'raised' },
  });
});

it('throws nothing for any payload', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (payload) => {
      expect(() => tryOn(payload as JsonValue)).not.toThrow();
    }),
  );
});

it('throws for a mapping that cannot be used', () => {
  const broken = mappingSchema.parse({
    type: 'x',
    fields: { a: { from: 'a', as: 'date', zone: 'Mars/Base' } },
  });
  expect(() => createTrialNormalizer({ revision: null, mapping: broken })).toThrow(
    expect.objectContaining({ code: 'ERR_BODY_INVALID' }),
  );
});
