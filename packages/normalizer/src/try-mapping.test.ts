import { mappingSchema } from '@sluice/contracts/mapping';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tryMapping } from './try-mapping.ts';
import type { UpcastRegistry } from './upcasts.ts';
import { WARNINGS } from './warnings.ts';

const mapping = mappingSchema.parse({
  type: 'sale',
  fields: { amount: { from: ['price.gross', 'price'], as: 'number', required: true } },
  versions: { 9: { fields: { amount: { from: 'a', as: 'number' } } } },
});
const context = {
  ...{ tenant: 'default', source: 'shop', schemaVersion: 1, receivedAt: '2024-06-01T00:00:00.000Z' },
};

it('gives the record with lineage and warnings', () => {
  expect(tryMapping(mapping, { price: { gross: '€ 1,200' } }, context)).toMatchObject({
    kind: 'record',
    record: {
      ...{ type: 'sale', data: { amount: 1200 }, mappingRevision: null },
      lineage: { amount: { from: '/price/gross', rule: 'mapping' } },
      warnings: [{ code: WARNINGS.numberGuessed }, { code: WARNINGS.currencyDropped }],
    },
  });
  expect(tryMapping(mapping, { price: 1 }, { ...context, revision: 5 })).toMatchObject({
    record: { mappingRevision: 5 },
  });
});

it('gives the refusal, or the version that nobody knows', () => {
  expect(tryMapping(mapping, {}, context)).toMatchObject({ kind: 'refused', code: 'ERR_FIELD_REQUIRED' });
  expect(tryMapping(mapping, { price: 'x' }, context)).toMatchObject({ code: 'ERR_FIELD_UNREADABLE' });
  expect(tryMapping(mapping, { price: 1 }, { ...context, schemaVersion: 8 })).toMatchObject({ version: 8 });
  expect(tryMapping(mapping, { a: 1 }, { ...context, schemaVersion: 9 })).toMatchObject({ kind: 'record' });
});

it('upcasts as the workers do', () => {
  const upcasts: UpcastRegistry = { sale: { 1: (reading) => ({ ...reading, subject: 'raised' }) } };
  expect(tryMapping(mapping, { price: 1 }, { ...context, upcasts })).toMatchObject({
    record: { schemaVersion: 2, subject: 'raised' },
  });
});

it('throws nothing for any payload', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (payload) => {
      expect(() => tryMapping(mapping, payload as never, context)).not.toThrow();
    }),
  );
});

it('throws for a mapping that cannot be used', () => {
  const broken = mappingSchema.parse({
    type: 'x',
    fields: { a: { from: 'a', as: 'date', zone: 'Mars/Base' } },
  });
  expect(() => tryMapping(broken, {}, context)).toThrow(
    expect.objectContaining({ code: 'ERR_BODY_INVALID' }),
  );
});
