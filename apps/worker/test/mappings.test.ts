import { type Mapping, mappingSchema } from '@sluice/contracts/mapping';
import { sourceSchema } from '@sluice/contracts/source';
import { createTestNames } from '@sluice/local/test-names';
import { createMappings } from '@sluice/store/mappings';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { openPlace, SOON, startWorker } from './worker.ts';

async function open() {
  const { mongoUrl, prefix } = createTestNames();
  const place = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
  const sluice = await openPlace(place);
  onTestFinished(sluice.close);
  const mappings = createMappings(sluice.store);
  const declare = (id: string, tenant = 'default') =>
    sluice.store.db
      .collection<{ _id: string }>('sources')
      .updateOne({ _id: id }, { $setOnInsert: { tenant, active: true } }, { upsert: true });
  return {
    place,
    sluice,
    mappings,
    /** Makes a tenant the one that declared a source. */
    declare,
    /** Makes a mapping the active one of a source. */
    async use(source: string, mapping: Mapping): Promise<void> {
      await declare(source);
      const { revision } = await mappings.createDraft(source, mapping);
      await mappings.activate(source, revision);
    },
    start(instance: string, env: Readonly<Record<string, string>> = {}) {
      const worker = startWorker(place, { instance: `${prefix}-${instance}`, env });
      onTestFinished(worker.close);
      return worker;
    },
  };
}

const newMapping = (from: string, fields: object = {}) =>
  mappingSchema.parse({
    type: 'sale',
    fields: { amount: { from, as: 'number', required: true } },
    ...fields,
  });

it('uses the active mapping of a source, the next one within moments, and none once it is retired', async () => {
  const { sluice, mappings, use, start } = await open();
  await use('shop', newMapping('gross'));
  start('w');
  const first = await sluice.send({ source: 'shop', payload: { gross: '12,50', n: 1 } });
  const other = await sluice.send({ source: 'plain', payload: { gross: '12,50', n: 1 } });
  await sluice.untilSettled();
  expect(await sluice.findNormalized(first.id)).toMatchObject({
    ...{ type: 'sale', mappingRevision: 1, data: { amount: 12.5, n: 1 } },
    lineage: { amount: { from: '/gross', rule: 'mapping' } },
  });
  expect(await sluice.findNormalized(other.id)).toMatchObject({ mappingRevision: null });

  await use('shop', newMapping('net'));
  let n = 1;
  await vi.waitFor(async () => {
    n += 1;
    const { id } = await sluice.send({ source: 'shop', payload: { gross: 2, net: 1, n } });
    await sluice.untilSettled();
    expect(await sluice.findNormalized(id)).toMatchObject({ mappingRevision: 2, data: { amount: 1 } });
  }, SOON);

  await mappings.retire('shop', 2);
  await vi.waitFor(async () => {
    n += 1;
    const { id } = await sluice.send({ source: 'shop', payload: { net: 1, n } });
    await sluice.untilSettled();
    expect(await sluice.findNormalized(id)).toMatchObject({ mappingRevision: null });
  }, SOON);
});

it('reads no event of another tenant that uses the same name', async () => {
  const { sluice, declare, use, start } = await open();
  await declare('stock', 'acme');
  await use('stock', newMapping('gross'));
  await use('shop', newMapping('gross'));
  start('w');
  const own = await sluice.send({ source: 'shop', payload: { gross: 1 } });
  const other = await sluice.send({ source: 'stock', payload: { gross: 1 } });
  await sluice.untilSettled();
  expect(await sluice.findNormalized(own.id)).toMatchObject({ type: 'sale', mappingRevision: 1 });
  expect(await sluice.findNormalized(other.id)).toMatchObject({ mappingRevision: null, data: { gross: 1 } });
});

it('follows a source that is given to another tenant', async () => {
  const { sluice, use, start } = await open();
  await use('given', newMapping('gross'));
  start('w');
  const own = await sluice.send({ source: 'given', payload: { gross: 1 } });
  await sluice.untilSettled();
  expect(await sluice.findNormalized(own.id)).toMatchObject({ mappingRevision: 1 });
  const sources = sluice.store.db.collection<{ _id: string }>('sources');
  await sources.updateOne({ _id: 'given' }, { $set: { tenant: 'acme' } });
  let n = 1;
  await vi.waitFor(async () => {
    n += 1;
    const { id } = await sluice.send({ source: 'given', payload: { gross: 1, n } });
    await sluice.untilSettled();
    expect(await sluice.findNormalized(id)).toMatchObject({ mappingRevision: null });
  }, SOON);
});

it('makes an event dead that its mapping refuses', async () => {
  const { sluice, use, start } = await open();
  await use('shop', newMapping('gross'));
  start('w');
  const { id } = await sluice.send({ source: 'shop', payload: { net: 1 } });
  await sluice.untilSettled();
  expect(await sluice.findRaw(id)).toMatchObject({ status: 'dead', code: 'ERR_FIELD_REQUIRED' });
});

it('takes a schema version that only the mapping of the source names', async () => {
  const { sluice, use, start } = await open();
  await use('shop', newMapping('gross', { versions: { 7: { fields: { amount: { from: 'total' } } } } }));
  start('w', { SUPPORTED_SCHEMA_VERSIONS: '1' });
  const { id } = await sluice.send({ source: 'shop', schemaVersion: 7, payload: { total: 3 } });
  await sluice.untilSettled();
  expect(await sluice.findNormalized(id)).toMatchObject({ data: { amount: 3 }, mappingRevision: 1 });
});

it('parks the events of a source whose mapping it does not understand, and goes on with the others', async () => {
  const { sluice, mappings, declare, use, start } = await open();
  const declared = ['newer', 'newest'].map((id) =>
    sourceSchema.parse({ id, kind: 'push', mapping: newMapping('a') }),
  );
  for (const { id } of declared) await declare(id);
  await mappings.applyFile(declared);
  // What was active before is understood, and would make another record.
  await use('rolled', newMapping('b'));
  await use('rolled', newMapping('a'));
  const collection = sluice.store.db.collection<{ _id: string }>('mappings');
  await collection.updateOne({ _id: 'newer:1' }, { $set: { 'mapping.fields.amount.as': 'money' } });
  await collection.updateOne({ _id: 'newest:1' }, { $set: { 'mapping.enrich': { by: 'sku' } } });
  await collection.updateOne({ _id: 'rolled:2' }, { $set: { 'mapping.fields.amount.scale': 2 } });
  start('w');
  const waiting = await sluice.send({ source: 'newer', payload: { a: 1 } });
  const rolled = await sluice.send({ source: 'rolled', payload: { a: 1, b: 2 } });
  const newest = await sluice.send({ source: 'newest', payload: { a: 1 } });
  const other = await sluice.send({ source: 'other', payload: { a: 1 } });
  await vi.waitFor(async () => expect(await sluice.findNormalized(other.id)).not.toBeNull(), SOON);
  await vi.waitFor(async () => expect((await sluice.inspector.readCounts()).parked).toBe(3), SOON);
  for (const { id } of [waiting, rolled, newest]) expect(await sluice.findNormalized(id)).toBeNull();
  await mappings.applyFile(declared);
  await use('rolled', newMapping('a'));
  await sluice.untilSettled();
  expect(await sluice.findNormalized(rolled.id)).toMatchObject({ mappingRevision: 3, data: { amount: 1 } });
  expect(await sluice.findNormalized(newest.id)).toMatchObject({ mappingRevision: 2 });
  expect(await sluice.findNormalized(waiting.id)).toMatchObject({ mappingRevision: 2, data: { amount: 1 } });
});
