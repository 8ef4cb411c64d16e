import { type Source, type StoredSource, sourceSchema, storedSourceSchema } from '@sluice/contracts/source';
import { describe, expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { createSourceStore, type SourceSealer } from '../src/sources-store.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const sources = createSourceStore(connection);

function newSource(id: string, fields: object = {}): Source {
  return sourceSchema.parse({ id, kind: 'push', ...fields });
}

function toStored(source: Source): StoredSource {
  const { mapping: _, ...rest } = source;
  return storedSourceSchema.parse(rest);
}

/** Stands in for the real one, whose keys this package does not know: these sources have no secrets. */
const sealer: SourceSealer = {
  seal: toStored,
  isSame: (stored, source) => JSON.stringify(stored) === JSON.stringify(toStored(source)),
};

const applyFile = (declared: readonly Source[]) => sources.applyFile(declared, sealer);
const listIds = async () => (await sources.list()).sources.map(({ id }) => id);

describe('applyFile', () => {
  it('adds, changes and deactivates what the file owns', async () => {
    await applyFile([newSource('a'), newSource('b')]);
    expect(await listIds()).toEqual(['a', 'b']);
    await applyFile([newSource('b', { schemaVersion: 2 }), newSource('c')]);
    const { sources: listed } = await sources.list();
    expect(listed.map(({ id, revision, source }) => [id, revision, source.schemaVersion])).toEqual([
      ['b', 2, 2],
      ['c', 1, 1],
    ]);
    expect(await sources.get('a')).toMatchObject({ active: false, revision: 2 });
    expect(await toCollection(connection, 'sources').countDocuments({})).toBe(3);
    await applyFile([newSource('a')]);
    expect(await sources.get('a')).toMatchObject({
      active: true,
      owner: 'file',
      source: toStored(newSource('a')),
    });
  });

  it('writes nothing when nothing changed', async () => {
    await applyFile([newSource('same')]);
    const before = await toCollection(connection, 'sources').findOne({ _id: 'same' });
    await Promise.all([applyFile([newSource('same')]), applyFile([newSource('same')])]);
    expect(await toCollection(connection, 'sources').findOne({ _id: 'same' })).toEqual(before);
  });

  it('may be run by several processes at once, and each change counts once', async () => {
    await toCollection(connection, 'sources').deleteMany({});
    for (const schemaVersion of [1, 2]) {
      const declared = [newSource('x', { schemaVersion }), newSource('y', { schemaVersion })];
      await Promise.all(Array.from({ length: 8 }, () => applyFile(declared)));
      const { sources: listed } = await sources.list();
      expect(listed.map(({ id, revision }) => [id, revision])).toEqual([
        ['x', schemaVersion],
        ['y', schemaVersion],
      ]);
    }
  });

  it('leaves sources alone that the file does not own', async () => {
    const source = toStored(newSource('api-made'));
    await sources.create(source);
    await applyFile([]);
    expect(await sources.get('api-made')).toMatchObject({ active: true, owner: 'api', source });
  });

  it('lists full pages although some cannot be read', async () => {
    const names = ['pa', 'pb', 'pc', 'pd'];
    await applyFile(names.map((id) => newSource(id, { tenant: 'pages' })));
    await connection.db
      .collection<{ _id: string }>('sources')
      .updateMany({ _id: { $in: ['pa', 'pc'] } }, { $set: { 'source.kind': 'pigeon' } });
    const list = async (page: { after?: string; limit: number }) =>
      (await sources.page('pages', page)).map(({ id }) => id);
    expect(await list({ limit: 1 })).toEqual(['pb']);
    expect(await list({ limit: 2 })).toEqual(['pb', 'pd']);
    expect(await list({ limit: 3 })).toEqual(['pb', 'pd']);
    expect(await list({ after: 'pb', limit: 1 })).toEqual(['pd']);
    await connection.db.collection('sources').deleteMany({ tenant: 'pages' });
  });

  it('writes anew what was stored before secrets were encrypted', async () => {
    const old = { ...newSource('old'), scheme: 'github', secrets: [{ value: 'in-plain' }] };
    await connection.db.collection<{ _id: string }>('sources').insertOne({
      _id: 'old',
      ...{ tenant: 'default', owner: 'file', active: true, source: old, updatedAt: new Date() },
    });
    expect((await sources.list()).unreadable).toEqual([{ id: 'old', tenant: 'default', ceSource: null }]);
    await applyFile([newSource('old')]);
    expect(JSON.stringify(await toCollection(connection, 'sources').findOne({ _id: 'old' }))).not.toContain(
      'in-plain',
    );
    expect((await sources.list()).unreadable).toEqual([]);
  });

  it('leaves a paused source paused', async () => {
    await applyFile([newSource('resting')]);
    await sources.setPaused('resting', true);
    await applyFile([newSource('resting', { schemaVersion: 3 })]);
    expect(await sources.get('resting')).toMatchObject({ paused: true, source: { schemaVersion: 3 } });
  });
});

describe('the schedule of a source', () => {
  it('counts since it was changed or resumed last', async () => {
    await applyFile([newSource('due')]);
    const declared = await sources.get('due');
    expect(declared?.dueSince).toEqual(declared?.updatedAt);
    // Resumed, but it was not paused.
    expect((await sources.setPaused('due', false))?.dueSince).toEqual(declared?.updatedAt);
    await sources.setPaused('due', true);
    const before = new Date();
    const resumed = await sources.setPaused('due', false);
    expect(resumed?.dueSince.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect((await sources.setPaused('due', false))?.dueSince).toEqual(resumed?.dueSince);
    await applyFile([newSource('due', { schemaVersion: 2 })]);
    const changed = await sources.get('due');
    expect(changed?.dueSince).toEqual(changed?.updatedAt);
  });
});

describe('changedSince', () => {
  it('is null until something changes, whoever changes it', async () => {
    await applyFile([newSource('first')]);
    let { version } = await sources.list();
    const changes = [
      () => applyFile([newSource('first', { schemaVersion: 2 })]),
      () => sources.create(toStored(newSource('second'))),
      () => sources.replace(toStored(newSource('second', { schemaVersion: 9 })), 1),
      () => sources.deactivate('second', 2),
      () => applyFile([]),
    ];
    for (const change of changes) {
      expect(await sources.changedSince(version)).toBeNull();
      await change();
      const changed = await sources.changedSince(version);
      expect(changed).toEqual(await sources.list());
      version = changed?.version ?? '';
    }
  });

  it('does not count pausing', async () => {
    await applyFile([newSource('paused')]);
    const { version } = await sources.list();
    expect(await sources.setPaused('paused', true)).toMatchObject({ paused: true });
    expect(await sources.listPaused()).toEqual(['paused']);
    expect(await sources.changedSince(version)).toBeNull();
    await sources.setPaused('paused', false);
    expect(await sources.listPaused()).toEqual([]);
    expect(await sources.changedSince(version)).toBeNull();
    expect(await sources.setPaused('nobody', true)).toBeNull();
  });
});

describe('sources of the api', () => {
  it('are created once', async () => {
    const source = toStored(newSource('once'));
    const all = await Promise.all(Array.from({ length: 6 }, () => sources.create(source)));
    expect(all.filter((result) => result !== 'exists')).toHaveLength(1);
  });

  it('change only from the revision that was seen', async () => {
    const created = await sources.create(toStored(newSource('mine')));
    expect(created).toMatchObject({ revision: 1, owner: 'api' });
    const next = toStored(newSource('mine', { schemaVersion: 2 }));
    const both = await Promise.all([sources.replace(next, 1), sources.replace(next, 1)]);
    expect(both.filter((result) => result === 'stale')).toHaveLength(1);
    expect(await sources.deactivate('mine', 1)).toBe('stale');
    expect(await sources.deactivate('mine', 2)).toMatchObject({ active: false, revision: 3 });
    expect(await sources.deactivate('mine', 3)).toBe('missing');
    expect(await sources.create(next)).toMatchObject({ active: true, revision: 4 });
  });

  it('are not those of the file', async () => {
    await applyFile([newSource('filed')]);
    const { revision = 0 } = (await sources.get('filed')) ?? {};
    expect(await sources.create(toStored(newSource('filed')))).toBe('exists');
    expect(await sources.replace(toStored(newSource('filed')), revision)).toBe('file');
    expect(await sources.deactivate('filed', revision)).toBe('file');
    expect(await sources.replace(toStored(newSource('nobody')), 1)).toBe('missing');
  });
});

it('names every header in which a source sends a credential, or did before it was changed or deactivated', async () => {
  const keyed = (id: string, header: string) =>
    newSource(id, { scheme: { type: 'api-key', header }, secrets: [{ env: 'A' }] });
  const first = await sources.create(toStored(keyed('pin', 'X-First-Pin')));
  if (first === 'exists') throw new Error(first);
  const second = await sources.replace(toStored(keyed('pin', 'X-Second-Pin')), first.revision);
  if (typeof second === 'string') throw new Error(second);
  await sources.replace(toStored(newSource('pin')), second.revision);
  await applyFile([keyed('filed', 'X-Filed-Pin')]);
  await applyFile([keyed('filed', 'X-Filed-Again')]);
  await applyFile([]);
  // As an older version wrote it.
  const old = {
    _id: 'old-pin',
    tenant: 'default',
    owner: 'api',
    active: false,
    updatedAt: new Date(),
  } as const;
  await toCollection(connection, 'sources').insertOne({
    ...old,
    source: toStored(keyed('old', 'X-Old-Pin')),
  });
  const { credentialHeaders } = await sources.list();
  expect([...credentialHeaders].sort()).toEqual([
    ...['x-filed-again', 'x-filed-pin', 'x-first-pin', 'x-old-pin', 'x-second-pin'],
  ]);
});
