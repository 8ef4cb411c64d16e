import { type Source, sourceSchema } from '@sluice/contracts/source';
import { describe, expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { createSourceStore } from '../src/sources-store.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const sources = createSourceStore(connection);

function newSource(id: string, fields: object = {}): Source {
  return sourceSchema.parse({ id, kind: 'push', ...fields });
}

describe('applyFile', () => {
  it('adds, changes and deactivates what the file owns', async () => {
    await sources.applyFile([newSource('a'), newSource('b')]);
    expect((await sources.list()).map(({ id }) => id)).toEqual(['a', 'b']);
    await sources.applyFile([newSource('b', { schemaVersion: 2 }), newSource('c')]);
    expect((await sources.list()).map(({ id, schemaVersion }) => [id, schemaVersion])).toEqual([
      ['b', 2],
      ['c', 1],
    ]);
    expect(await sources.get('a')).toBeNull();
    expect(await toCollection(connection, 'sources').countDocuments({})).toBe(3);
    await sources.applyFile([newSource('a')]);
    expect(await sources.get('a')).toEqual(newSource('a'));
  });

  it('writes nothing when nothing changed', async () => {
    await sources.applyFile([newSource('same')]);
    const before = await toCollection(connection, 'sources').findOne({ _id: 'same' });
    await Promise.all([sources.applyFile([newSource('same')]), sources.applyFile([newSource('same')])]);
    expect(await toCollection(connection, 'sources').findOne({ _id: 'same' })).toEqual(before);
  });

  it('may be run by several processes at once on an empty collection', async () => {
    await toCollection(connection, 'sources').deleteMany({});
    await Promise.all(Array.from({ length: 4 }, () => sources.applyFile([newSource('x'), newSource('y')])));
    expect((await sources.list()).map(({ id }) => id)).toEqual(['x', 'y']);
  });

  it('leaves sources alone that the file does not own', async () => {
    const source = newSource('api-made');
    await toCollection(connection, 'sources').insertOne({
      _id: source.id,
      tenant: source.tenant,
      owner: 'api',
      active: true,
      source,
      updatedAt: new Date(),
    });
    await sources.applyFile([]);
    expect(await sources.get('api-made')).toEqual(source);
  });
});
