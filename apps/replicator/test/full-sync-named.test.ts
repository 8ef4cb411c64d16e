import type { Document } from 'mongodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { startPair } from './backup-pair.ts';

const pair = await startPair();
const { primary, store } = pair;
pair.startOne();

describe('a full sync of named documents', () => {
  // The one that every new backup begins with.
  beforeAll(() => pair.ended());

  it('mends these alone', async () => {
    const { there } = pair.sides('named');
    await primary.db
      .collection('named')
      .insertMany(['a', 'b', 'c'].map((_id) => ({ _id, v: 1 }) as Document));
    await pair.converged('named');
    await there.updateMany({}, { $set: { v: 2 } });
    await there.insertOne({ _id: 'd' as never });
    const only = { collection: 'named', ids: ['"a"', '"d"'] };
    // As it is now, not as it was when it was chosen.
    await primary.db.collection('named').updateOne({ _id: 'a' as never }, { $set: { v: 3 } });
    const sync = await pair.run({ only });
    expect(sync.collections).toMatchObject([{ name: 'named', copied: 1, extra: 1, kept: 1, refused: 0 }]);
    const isCopied = () => there.find({ v: 3 }).toArray();
    expect(await isCopied()).toEqual([{ _id: 'a', v: 3 }]);
    expect(await there.countDocuments()).toBe(4);
    expect(await store.findMended(sync.createdAt)).toEqual([
      { collection: 'named', ids: ['"a"'], at: sync.endedAt },
    ]);
    // Deleted only when that is confirmed, and as often as one likes.
    for (let round = 0; round < 2; round += 1) {
      const confirmed = await pair.run({ only, deletes: 'all' });
      const deleted = round === 0 ? 1 : 0;
      expect(confirmed.collections).toMatchObject([
        { copied: 1, deleted, extra: deleted, kept: 0, refused: 0, samples: [] },
      ]);
      expect(await there.countDocuments()).toBe(3);
    }
    expect(await isCopied()).toEqual([{ _id: 'a', v: 3 }]);
  });

  it('counts those that neither side has as neither copied nor deleted', async () => {
    const only = { collection: 'named', ids: ['"nobody"', '"nobody"', '7'] };
    for (const deletes of ['few', 'all'] as const) {
      const sync = await pair.run({ only, deletes });
      expect(sync.collections).toMatchObject([
        { state: 'done', copied: 0, deleted: 0, extra: 0, kept: 0, refused: 0, samples: [] },
      ]);
    }
  });
});
