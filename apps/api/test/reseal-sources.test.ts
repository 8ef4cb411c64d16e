import { randomBytes } from 'node:crypto';
import { type Source, sourceSchema } from '@sluice/contracts/source';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { createSecretBox } from '@sluice/sources/secret-box';
import { createSourceSealer, openSource } from '@sluice/sources/source-sealer';
import { createSourceStore, type SourceRecord, type SourceStore } from '@sluice/store/sources-store';
import { beforeEach, expect, it } from 'vitest';
import { startResealing } from '../src/sources/reseal-sources.ts';
import { logger, useStores } from './fixtures.ts';

const { store } = useStores();
const sources = createSourceStore(store);
const newKey = () => randomBytes(32).toString('base64');
const [oldKey, key] = [newKey(), newKey()];
const oldBox = createSecretBox({ key: oldKey });
const onlyNew = createSecretBox({ key });
const both = createSecretBox({ key, oldKeys: [oldKey] });

const push = (id: string, fields: object = {}): Source =>
  sourceSchema.parse({ id, kind: 'push', scheme: 'github', secrets: [{ value: `${id} one` }], ...fields });

const SHOP = push('shop', {
  secrets: [{ value: 'one', expiresAt: '2030-01-01T00:00:00Z' }, { env: 'SHOP' }, { value: 'two' }],
});
const ERP = sourceSchema.parse({
  ...{ id: 'erp', kind: 'poll', url: 'https://erp.example.com', schedule: '0 * * * * *', idPath: 'id' },
  cursor: { kind: 'id', param: 'after', path: 'id' },
  auth: { type: 'bearer', secret: { value: 'three' } },
});

beforeEach(async () => {
  await store.db.collection('sources').deleteMany({});
});

async function create(source: Source, box = oldBox): Promise<SourceRecord> {
  return (await sources.create(createSourceSealer(box).seal(source))) as SourceRecord;
}

function run(from: Partial<SourceStore> = {}) {
  return startResealing({ sources: { ...sources, ...from }, box: both, logger, delayMs: 1 });
}

async function read(id: string) {
  const record = await sources.get(id);
  if (record === null) throw new Error(`There is no source ${id}.`);
  return record;
}

it('encrypts every secret of the api with the key of now, so that the old one can go', async () => {
  for (const source of [SHOP, ERP]) await create(source);
  await create(push('current'), onlyNew);
  await run().ended;
  for (const source of [SHOP, ERP]) {
    const record = await read(source.id);
    expect(openSource(record.source, onlyNew)).toEqual(source);
    expect(record).toMatchObject({ owner: 'api', active: true, revision: 2 });
  }
  expect(await read('current')).toMatchObject({ revision: 1 });
});

it('changes nothing the second time, and one of several that do it at once writes', async () => {
  await create(SHOP);
  await Promise.all([run().ended, run().ended, run().ended]);
  await run().ended;
  expect(await read('shop')).toMatchObject({ revision: 2 });
});

it('keeps what somebody changes meanwhile, and encrypts that too', async () => {
  const { revision } = await create(SHOP);
  const changed = createSourceSealer(oldBox).seal(push('shop', { schemaVersion: 7 }));
  let isFirst = true;
  await run({
    list: async () => {
      const list = await sources.list();
      if (isFirst) await sources.replace(changed, revision);
      isFirst = false;
      return list;
    },
  }).ended;
  const { source } = await read('shop');
  expect(openSource(source, onlyNew)).toMatchObject({ schemaVersion: 7, secrets: [{ value: 'shop one' }] });
});

it('leaves alone what the file owns and what does not open, and goes on', async () => {
  await create(push('lost'), createSecretBox({ key: newKey() }));
  await create(SHOP);
  await sources.applyFile([push('filed')], createSourceSealer(oldBox));
  await run().ended;
  expect(await read('lost')).toMatchObject({ revision: 1 });
  expect(await read('filed')).toMatchObject({ revision: 1 });
  expect(openSource((await read('shop')).source, onlyNew)).toEqual(SHOP);
});

it('tries again when MongoDB was away', async () => {
  await create(SHOP);
  let attempts = 0;
  await run({
    list: () => {
      attempts += 1;
      if (attempts < 3) throw new DependencyAwayError('mongodb', 'away');
      return sources.list();
    },
  }).ended;
  expect(await read('shop')).toMatchObject({ revision: 2 });
});

it('ends when it is told to, before it began too', async () => {
  await create(SHOP);
  const resealing = startResealing({ sources, box: both, logger });
  await resealing.stop();
  await resealing.ended;
  expect(await read('shop')).toMatchObject({ revision: 1 });
});
