import { type Mapping, type MappingTrial, mappingSchema } from '@sluice/contracts/mapping';
import { type Source, sourceSchema } from '@sluice/contracts/source';
import { describe, expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { createMappings } from '../src/mappings.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const mappings = createMappings(connection);

function newMapping(from: string, fields: object = {}): Mapping {
  return mappingSchema.parse({ type: 'metric', fields: { amount: { from, as: 'number' } }, ...fields });
}

function newSource(id: string, mapping?: Mapping): Source {
  return sourceSchema.parse({ id, kind: 'push', ...(mapping === undefined ? {} : { mapping }) });
}

const listStates = async (source: string) =>
  (await mappings.list(source, { limit: 100 })).map(
    ({ revision, state, owner }) => `${revision} ${state} ${owner}`,
  );

describe('drafts', () => {
  it('are numbered without gaps, however many are made at once', async () => {
    const drafts = await Promise.all(
      Array.from({ length: 10 }, (_, n) => mappings.createDraft('many', newMapping(`path${n}`))),
    );
    expect(drafts.map(({ revision }) => revision).sort((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    for (const draft of drafts) expect(await mappings.get('many', draft.revision)).toEqual(draft);
  });

  it('are listed page by page, the newest first', async () => {
    for (let n = 0; n < 12; n += 1) await mappings.createDraft('paged', newMapping('a'));
    const first = await mappings.list('paged', { limit: 5 });
    const second = await mappings.list('paged', { limit: 50, before: first.at(-1)?.revision });
    expect([...first, ...second].map(({ revision }) => revision)).toEqual([
      12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1,
    ]);
  });

  it('can be added after one that this build cannot read', async () => {
    await mappings.createDraft('newer', newMapping('a'));
    await connection.db
      .collection<{ _id: string }>('mappings')
      .updateOne({ _id: 'newer:1' }, { $set: { 'mapping.fields.amount.as': 'money' } });
    expect(await mappings.createDraft('newer', newMapping('b'))).toMatchObject({ revision: 2 });
    const [second, first] = await mappings.list('newer', { limit: 5 });
    expect(second).toMatchObject({ revision: 2, mapping: newMapping('b') });
    expect(first).toMatchObject({
      ...{ revision: 1, state: 'draft', mapping: null },
      stored: { fields: { amount: { as: 'money' } } },
    });
    expect(await mappings.get('newer', 1)).toEqual(first);
  });

  it('come back as they were given, whatever their fields are called', async () => {
    const names = ['_bsontype', 'constructor', 'toString', 'hasOwnProperty', '_id', 'a-b'];
    const fields = Object.fromEntries(names.map((name) => [name, { from: [`x.${name}`, '$odd\\.key'] }]));
    const odd = mappingSchema.parse({ type: 't', fields, versions: { 2: { fields } } });
    const { revision } = await mappings.createDraft('odd', odd);
    expect((await mappings.get('odd', revision))?.mapping).toEqual(odd);
  });
});

describe('activate', () => {
  it('makes a draft active and retires the one before; rolling back is the same', async () => {
    await mappings.createDraft('one', newMapping('a'));
    await mappings.createDraft('one', newMapping('b'));
    expect(await mappings.get('one')).toBeNull();
    expect(await mappings.activate('one', 1)).toMatchObject({
      state: 'active',
      activatedAt: expect.any(Date),
    });
    expect(await mappings.activate('one', 2)).toMatchObject({ state: 'active', revision: 2 });
    expect(await listStates('one')).toEqual(['2 active api', '1 retired api']);
    await mappings.activate('one', 1);
    expect(await listStates('one')).toEqual(['2 retired api', '1 active api']);
    expect(await mappings.get('one')).toMatchObject({ revision: 1 });
    expect(await mappings.activate('one', 3)).toBe('missing');
  });

  it('leaves exactly one active when several are activated at once', async () => {
    for (let n = 0; n < 6; n += 1) await mappings.createDraft('raced', newMapping('a'));
    for (let round = 0; round < 3; round += 1) {
      await Promise.all([1, 2, 3, 4, 5, 6].map((revision) => mappings.activate('raced', revision)));
      const states = await listStates('raced');
      expect(states.filter((state) => state.includes('active'))).toHaveLength(1);
      expect(states.filter((state) => state.includes('draft'))).toHaveLength(0);
    }
  });

  it('notes who sent it, who made it active, and when another took its place', async () => {
    await mappings.createDraft('whose', newMapping('a'), { by: 'ada' });
    await mappings.createDraft('whose', newMapping('b'), { by: 'ada' });
    expect(await mappings.activate('whose', 1, { by: 'grace' })).toMatchObject({
      ...{ createdBy: 'ada', activatedBy: 'grace' },
    });
    await mappings.activate('whose', 2, { by: 'ada' });
    expect(await mappings.get('whose', 1)).toMatchObject({
      ...{ state: 'retired', activatedBy: 'grace', retiredAt: expect.any(Date) },
    });
    const again = await mappings.activate('whose', 1);
    expect(again).not.toHaveProperty('retiredAt');
    expect(again).not.toHaveProperty('activatedBy');
    expect(again).toMatchObject({ createdBy: 'ada' });
  });

  it('notes why it was forced, and forgets that when it is activated again', async () => {
    await mappings.createDraft('forced', newMapping('a'));
    await mappings.createDraft('forced', newMapping('b'));
    const forced = { at: new Date(), reason: 'the old format is gone' };
    expect(await mappings.activate('forced', 1, { forced })).toMatchObject({ forced });
    await mappings.activate('forced', 2);
    expect(await mappings.activate('forced', 1)).not.toHaveProperty('forced');
  });

  it('keeps the last trial with its revision', async () => {
    await mappings.createDraft('tried', newMapping('a'));
    const trial: MappingTrial = {
      at: new Date(),
      ...{ tried: 2, passed: 1, failed: 1, skipped: 0, changed: 1, added: 0, isWhole: true },
      failures: [
        { code: 'ERR_FIELD_REQUIRED', field: 'amount', count: 1, message: 'missing', events: ['evt_1'] },
      ],
      warnings: [],
    };
    await mappings.recordTrial('tried', 1, trial);
    expect(await mappings.get('tried', 1)).toMatchObject({ trial, state: 'draft' });
  });
});

describe('retire', () => {
  it('leaves a source without a mapping, again and again, and touches no other revision', async () => {
    for (const path of ['a', 'b']) await mappings.createDraft('left', newMapping(path));
    expect(await mappings.retire('left', 1)).toBe('draft');
    expect(await mappings.retire('left', 9)).toBe('missing');
    await mappings.activate('left', 1);
    const retired = await mappings.retire('left', 1);
    expect(retired).toMatchObject({ state: 'retired', retiredAt: expect.any(Date) });
    expect(await mappings.get('left')).toBeNull();
    expect(await mappings.retire('left', 1)).toEqual(retired);
    await mappings.activate('left', 2);
    await mappings.retire('left', 1);
    expect(await listStates('left')).toEqual(['2 active api', '1 retired api']);
  });

  it('leaves that of the file to the file, as long as it declares the source', async () => {
    await mappings.applyFile([newSource('kept', newMapping('a'))]);
    expect(await mappings.retire('kept', 1)).toBe('file');
    expect(await listStates('kept')).toEqual(['1 active file']);
    expect(await mappings.retire('kept', 1, { overFile: true })).toMatchObject({ state: 'retired' });
  });
});

describe('applyFile', () => {
  it('makes one active revision of each content, however many apply it at once', async () => {
    const a = newSource('filed', newMapping('a'));
    const b = newSource('filed', newMapping('b'));
    await Promise.all(Array.from({ length: 6 }, () => mappings.applyFile([a])));
    expect(await listStates('filed')).toEqual(['1 active file']);
    await Promise.all(Array.from({ length: 6 }, () => mappings.applyFile([b])));
    expect(await listStates('filed')).toEqual(['2 active file', '1 retired file']);
    await mappings.applyFile([a]);
    expect(await listStates('filed')).toEqual(['2 retired file', '1 active file']);
  });

  it('retires a mapping that the file no longer declares, and keeps that of a source that is gone', async () => {
    await mappings.applyFile([newSource('bare', newMapping('a')), newSource('gone', newMapping('a'))]);
    await mappings.applyFile([newSource('bare')]);
    expect(await listStates('bare')).toEqual(['1 retired file']);
    expect(await listStates('gone')).toEqual(['1 active file']);
  });

  it('takes over from the api, which then may not change it', async () => {
    await mappings.createDraft('taken', newMapping('a'));
    await mappings.activate('taken', 1);
    await mappings.applyFile([newSource('taken')]);
    expect(await listStates('taken')).toEqual(['1 active api']);
    await mappings.applyFile([newSource('taken', newMapping('b'))]);
    expect(await listStates('taken')).toEqual(['2 active file', '1 retired api']);
    expect(await mappings.activate('taken', 1)).toBe('file');
    expect(await mappings.activate('taken', 2, { overFile: true })).toBe('file');
    expect(await mappings.activate('taken', 1, { overFile: true })).toMatchObject({ state: 'active' });
  });
});

describe('readActive', () => {
  const own = (id: string, tenant: string) =>
    toCollection(connection, 'sources').insertOne({
      ...{ _id: id, tenant, owner: 'api', active: true, updatedAt: new Date() },
      source: { id, kind: 'push' } as never,
    });

  it('tells the active revisions, and the content only of those not known', async () => {
    await toCollection(connection, 'mappings').deleteMany({});
    expect(await mappings.readActive(new Set())).toEqual({ active: [], fresh: [], unreadable: [] });
    await own('p', 'acme');
    await own('q', 'default');
    await mappings.applyFile(['p', 'q', 'undeclared'].map((id) => newSource(id, newMapping('a'))));
    const first = await mappings.readActive(new Set());
    expect(new Map(first.active.map(({ key, tenant }) => [key, tenant]))).toEqual(
      new Map([
        ['p:1', 'acme'],
        ['q:1', 'default'],
      ]),
    );
    expect(first.fresh.map(({ source }) => source).sort()).toEqual(['p', 'q']);
    await mappings.applyFile([newSource('p', newMapping('b')), newSource('q')]);
    const second = await mappings.readActive(new Set(first.active.map(({ key }) => key)));
    expect(second.active).toEqual([{ key: 'p:2', tenant: 'acme' }]);
    expect(second.fresh).toMatchObject([{ source: 'p', revision: 2, mapping: newMapping('b') }]);
    expect(await mappings.readActive(new Set(['p:2']))).toEqual({
      active: [{ key: 'p:2', tenant: 'acme' }],
      fresh: [],
      unreadable: [],
    });
  });

  it('tells which it cannot read', async () => {
    await toCollection(connection, 'mappings').deleteMany({});
    for (const id of ['good', 'newer']) await own(id, 'default');
    await mappings.applyFile([newSource('good', newMapping('a')), newSource('newer', newMapping('a'))]);
    await connection.db
      .collection<{ _id: string }>('mappings')
      .updateOne({ _id: 'newer:1' }, { $set: { 'mapping.fields.amount.as': 'money' } });
    const { fresh, unreadable } = await mappings.readActive(new Set());
    expect([fresh.map(({ source }) => source), unreadable]).toEqual([['good'], ['newer:1']]);
  });
});
